import type { ShapeTable } from './shape-table.ts';

/** Volumes, those of pods and those that stand for themselves. */
export const VOLUME_SHAPES: ShapeTable = {
  package: 'io.k8s.api.core.v1',
  text: `
PersistentVolume: metadata 1 ObjectMeta, spec 2 PersistentVolumeSpec, status 3 PersistentVolumeStatus
PersistentVolumeClaim: metadata 1 ObjectMeta, spec 2 PersistentVolumeClaimSpec, status 3 PersistentVolumeClaimStatus
PersistentVolumeSpec: capacity 1 quantities, ... 2 PersistentVolumeSource, accessModes 3 text*, claimRef 4 ObjectReference,
  persistentVolumeReclaimPolicy 5, storageClassName 6, mountOptions 7 text*, volumeMode 8, nodeAffinity 9 VolumeNodeAffinity,
  volumeAttributesClassName 10
PersistentVolumeStatus: phase 1, message 2, reason 3, lastPhaseTransitionTime 4 time
PersistentVolumeClaimSpec: accessModes 1 text*, selector 4 LabelSelector, resources 2 VolumeResourceRequirements, volumeName 3,
  storageClassName 5, volumeMode 6, dataSource 7 TypedLocalObjectReference, dataSourceRef 8 TypedObjectReference,
  volumeAttributesClassName 9
PersistentVolumeClaimStatus: phase 1, accessModes 2 text*, capacity 3 quantities, conditions 4 PersistentVolumeClaimCondition*,
  allocatedResources 5 quantities, allocatedResourceStatuses 7 texts, currentVolumeAttributesClassName 8,
  modifyVolumeStatus 9 ModifyVolumeStatus
PersistentVolumeSource: gcePersistentDisk 1 GCEPersistentDiskVolumeSource,
  awsElasticBlockStore 2 AWSElasticBlockStoreVolumeSource, hostPath 3 HostPathVolumeSource,
  glusterfs 4 GlusterfsPersistentVolumeSource, nfs 5 NFSVolumeSource, rbd 6 RBDPersistentVolumeSource,
  iscsi 7 ISCSIPersistentVolumeSource, cinder 8 CinderPersistentVolumeSource, cephfs 9 CephFSPersistentVolumeSource,
  fc 10 FCVolumeSource, flocker 11 FlockerVolumeSource, flexVolume 12 FlexPersistentVolumeSource,
  azureFile 13 AzureFilePersistentVolumeSource, vsphereVolume 14 VsphereVirtualDiskVolumeSource, quobyte 15 QuobyteVolumeSource,
  azureDisk 16 AzureDiskVolumeSource, photonPersistentDisk 17 PhotonPersistentDiskVolumeSource,
  portworxVolume 18 PortworxVolumeSource, scaleIO 19 ScaleIOPersistentVolumeSource, local 20 LocalVolumeSource,
  storageos 21 StorageOSPersistentVolumeSource, csi 22 CSIPersistentVolumeSource
VolumeNodeAffinity: required 1 NodeSelector
VolumeResourceRequirements: limits 1 quantities, requests 2 quantities
TypedLocalObjectReference: apiGroup 1, kind 2, name 3
TypedObjectReference: apiGroup 1, kind 2, name 3, namespace 4
PersistentVolumeClaimCondition: type 1, status 2, lastProbeTime 3 time, lastTransitionTime 4 time, reason 5, message 6
ModifyVolumeStatus: targetVolumeAttributesClassName 1, status 2
Volume: name 1, ... 2 VolumeSource
GCEPersistentDiskVolumeSource: pdName 1, fsType 2, partition 3 count, readOnly 4 flag
AWSElasticBlockStoreVolumeSource: volumeID 1, fsType 2, partition 3 count, readOnly 4 flag
HostPathVolumeSource: path 1, type 2
GlusterfsPersistentVolumeSource: endpoints 1, path 2, readOnly 3 flag, endpointsNamespace 4
NFSVolumeSource: server 1, path 2, readOnly 3 flag
RBDPersistentVolumeSource: monitors 1 text*, image 2, fsType 3, pool 4, user 5, keyring 6, secretRef 7 SecretReference,
  readOnly 8 flag
ISCSIPersistentVolumeSource: targetPortal 1, iqn 2, lun 3 integer, iscsiInterface 4, fsType 5, readOnly 6 flag, portals 7 text*,
  chapAuthDiscovery 8 flag, chapAuthSession 11 flag, secretRef 10 SecretReference, initiatorName 12
CinderPersistentVolumeSource: volumeID 1, fsType 2, readOnly 3 flag, secretRef 4 SecretReference
CephFSPersistentVolumeSource: monitors 1 text*, path 2, user 3, secretFile 4, secretRef 5 SecretReference, readOnly 6 flag
FCVolumeSource: targetWWNs 1 text*, lun 2 integer, fsType 3, readOnly 4 flag, wwids 5 text*
FlockerVolumeSource: datasetName 1, datasetUUID 2
FlexPersistentVolumeSource: driver 1, fsType 2, secretRef 3 SecretReference, readOnly 4 flag, options 5 texts
AzureFilePersistentVolumeSource: secretName 1, shareName 2, readOnly 3 flag, secretNamespace 4
VsphereVirtualDiskVolumeSource: volumePath 1, fsType 2, storagePolicyName 3, storagePolicyID 4
QuobyteVolumeSource: registry 1, volume 2, readOnly 3 flag, user 4, group 5, tenant 6
AzureDiskVolumeSource: diskName 1, diskURI 2, cachingMode 3, fsType 4, readOnly 5 flag, kind 6
PhotonPersistentDiskVolumeSource: pdID 1, fsType 2
PortworxVolumeSource: volumeID 1, fsType 2, readOnly 3 flag
ScaleIOPersistentVolumeSource: gateway 1, system 2, secretRef 3 SecretReference, sslEnabled 4 flag, protectionDomain 5,
  storagePool 6, storageMode 7, volumeName 8, fsType 9, readOnly 10 flag
LocalVolumeSource: path 1, fsType 2
StorageOSPersistentVolumeSource: volumeName 1, volumeNamespace 2, fsType 3, readOnly 4 flag, secretRef 5 ObjectReference
CSIPersistentVolumeSource: driver 1, volumeHandle 2, readOnly 3 flag, fsType 4, volumeAttributes 5 texts,
  controllerPublishSecretRef 6 SecretReference, nodeStageSecretRef 7 SecretReference, nodePublishSecretRef 8 SecretReference,
  controllerExpandSecretRef 9 SecretReference, nodeExpandSecretRef 10 SecretReference
VolumeSource: hostPath 1 HostPathVolumeSource, emptyDir 2 EmptyDirVolumeSource,
  gcePersistentDisk 3 GCEPersistentDiskVolumeSource, awsElasticBlockStore 4 AWSElasticBlockStoreVolumeSource,
  gitRepo 5 GitRepoVolumeSource, secret 6 SecretVolumeSource, nfs 7 NFSVolumeSource, iscsi 8 ISCSIVolumeSource,
  glusterfs 9 GlusterfsVolumeSource, persistentVolumeClaim 10 PersistentVolumeClaimVolumeSource, rbd 11 RBDVolumeSource,
  flexVolume 12 FlexVolumeSource, cinder 13 CinderVolumeSource, cephfs 14 CephFSVolumeSource, flocker 15 FlockerVolumeSource,
  downwardAPI 16 DownwardAPIVolumeSource, fc 17 FCVolumeSource, azureFile 18 AzureFileVolumeSource,
  configMap 19 ConfigMapVolumeSource, vsphereVolume 20 VsphereVirtualDiskVolumeSource, quobyte 21 QuobyteVolumeSource,
  azureDisk 22 AzureDiskVolumeSource, photonPersistentDisk 23 PhotonPersistentDiskVolumeSource,
  projected 26 ProjectedVolumeSource, portworxVolume 24 PortworxVolumeSource, scaleIO 25 ScaleIOVolumeSource,
  storageos 27 StorageOSVolumeSource, csi 28 CSIVolumeSource, ephemeral 29 EphemeralVolumeSource, image 30 ImageVolumeSource
EmptyDirVolumeSource: medium 1, sizeLimit 2 quantity
GitRepoVolumeSource: repository 1, revision 2, directory 3
SecretVolumeSource: secretName 1, items 2 KeyToPath*, defaultMode 3 integer, optional 4 boolean
ISCSIVolumeSource: targetPortal 1, iqn 2, lun 3 integer, iscsiInterface 4, fsType 5, readOnly 6 flag, portals 7 text*,
  chapAuthDiscovery 8 flag, chapAuthSession 11 flag, secretRef 10 LocalObjectReference, initiatorName 12
GlusterfsVolumeSource: endpoints 1, path 2, readOnly 3 flag
PersistentVolumeClaimVolumeSource: claimName 1, readOnly 2 flag
RBDVolumeSource: monitors 1 text*, image 2, fsType 3, pool 4, user 5, keyring 6, secretRef 7 LocalObjectReference,
  readOnly 8 flag
FlexVolumeSource: driver 1, fsType 2, secretRef 3 LocalObjectReference, readOnly 4 flag, options 5 texts
CinderVolumeSource: volumeID 1, fsType 2, readOnly 3 flag, secretRef 4 LocalObjectReference
CephFSVolumeSource: monitors 1 text*, path 2, user 3, secretFile 4, secretRef 5 LocalObjectReference, readOnly 6 flag
DownwardAPIVolumeSource: items 1 DownwardAPIVolumeFile*, defaultMode 2 integer
AzureFileVolumeSource: secretName 1, shareName 2, readOnly 3 flag
ConfigMapVolumeSource: ... 1 LocalObjectReference, items 2 KeyToPath*, defaultMode 3 integer, optional 4 boolean
ProjectedVolumeSource: sources 1 VolumeProjection*, defaultMode 2 integer
ScaleIOVolumeSource: gateway 1, system 2, secretRef 3 LocalObjectReference, sslEnabled 4 flag, protectionDomain 5, storagePool 6,
  storageMode 7, volumeName 8, fsType 9, readOnly 10 flag
StorageOSVolumeSource: volumeName 1, volumeNamespace 2, fsType 3, readOnly 4 flag, secretRef 5 LocalObjectReference
CSIVolumeSource: driver 1, readOnly 2 flag, fsType 3, volumeAttributes 4 texts, nodePublishSecretRef 5 LocalObjectReference
EphemeralVolumeSource: volumeClaimTemplate 1 PersistentVolumeClaimTemplate
ImageVolumeSource: reference 1, pullPolicy 2
KeyToPath: key 1, path 2, mode 3 integer
DownwardAPIVolumeFile: path 1, fieldRef 2 ObjectFieldSelector, resourceFieldRef 3 ResourceFieldSelector, mode 4 integer
VolumeProjection: secret 1 SecretProjection, downwardAPI 2 DownwardAPIProjection, configMap 3 ConfigMapProjection,
  serviceAccountToken 4 ServiceAccountTokenProjection, clusterTrustBundle 5 ClusterTrustBundleProjection,
  podCertificate 6 PodCertificateProjection
PersistentVolumeClaimTemplate: metadata 1 ObjectMeta, spec 2 PersistentVolumeClaimSpec
SecretProjection: ... 1 LocalObjectReference, items 2 KeyToPath*, optional 4 boolean
DownwardAPIProjection: items 1 DownwardAPIVolumeFile*
ConfigMapProjection: ... 1 LocalObjectReference, items 2 KeyToPath*, optional 4 boolean
ServiceAccountTokenProjection: audience 1, expirationSeconds 2 integer, path 3
ClusterTrustBundleProjection: name 1, signerName 2, labelSelector 3 LabelSelector, optional 5 boolean, path 4
PodCertificateProjection: signerName 1, keyType 2, maxExpirationSeconds 3 integer, credentialBundlePath 4, keyPath 5,
  certificateChainPath 6, userAnnotations - texts
`,
};
