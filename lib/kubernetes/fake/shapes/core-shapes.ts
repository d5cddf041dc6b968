import type { ShapeTable } from './shape-table.ts';

/** What else there is in `v1`. */
export const CORE_SHAPES: ShapeTable = {
  package: 'io.k8s.api.core.v1',
  text: `
ConfigMap: metadata 1 ObjectMeta, immutable 4 boolean, data 2 texts, binaryData 3 bytes
Endpoints: metadata 1 ObjectMeta, subsets 2 EndpointSubset*
Event: metadata 1 ObjectMeta, involvedObject 2 ObjectReference, reason 3, message 4, source 5 EventSource, firstTimestamp 6 time,
  lastTimestamp 7 time, count 8 count, type 9, eventTime 10 microtime, series 11 EventSeries, action 12,
  related 13 ObjectReference, reportingComponent 14, reportingInstance 15
LimitRange: metadata 1 ObjectMeta, spec 2 LimitRangeSpec
Namespace: metadata 1 ObjectMeta, spec 2 NamespaceSpec, status 3 NamespaceStatus
PodTemplate: metadata 1 ObjectMeta, template 2 PodTemplateSpec
ReplicationController: metadata 1 ObjectMeta, spec 2 ReplicationControllerSpec, status 3 ReplicationControllerStatus
ResourceQuota: metadata 1 ObjectMeta, spec 2 ResourceQuotaSpec, status 3 ResourceQuotaStatus
Secret: metadata 1 ObjectMeta, immutable 5 boolean, data 2 bytes, stringData 4 texts, type 3 word
Service: metadata 1 ObjectMeta, spec 2 ServiceSpec, status 3 ServiceStatus
ServiceAccount: metadata 1 ObjectMeta, secrets 2 ObjectReference*, imagePullSecrets 3 LocalObjectReference*,
  automountServiceAccountToken 4 boolean
EndpointSubset: addresses 1 EndpointAddress*, notReadyAddresses 2 EndpointAddress*, ports 3 EndpointPort*
ObjectReference: kind 1, namespace 2, name 3, uid 4, apiVersion 5, resourceVersion 6, fieldPath 7
EventSource: component 1, host 2
EventSeries: count 1 count, lastObservedTime 2 microtime
LimitRangeSpec: limits 1 LimitRangeItem*
NamespaceSpec: finalizers 1 text*
NamespaceStatus: phase 1, conditions 2 NamespaceCondition*
ReplicationControllerSpec: replicas 1 integer, minReadySeconds 4 count, selector 2 texts, template 3 PodTemplateSpec
ReplicationControllerStatus: replicas 1 integer, fullyLabeledReplicas 2 count, readyReplicas 4 count, availableReplicas 5 count,
  observedGeneration 3 count, conditions 6 ReplicationControllerCondition*
ResourceQuotaSpec: hard 1 quantities, scopes 2 text*, scopeSelector 3 ScopeSelector
ResourceQuotaStatus: hard 1 quantities, used 2 quantities
ServiceSpec: ports 1 ServicePort*, selector 2 texts, clusterIP 3 word, clusterIPs 18 text*, type 4 word, externalIPs 5 text*,
  sessionAffinity 7 word, loadBalancerIP 8 word, loadBalancerSourceRanges 9 text*, externalName 10 word,
  externalTrafficPolicy 11 word,
  healthCheckNodePort 12 count, publishNotReadyAddresses 13 flag, sessionAffinityConfig 14 SessionAffinityConfig,
  ipFamilies 19 text*, ipFamilyPolicy 17, allocateLoadBalancerNodePorts 20 boolean, loadBalancerClass 21,
  internalTrafficPolicy 22, trafficDistribution 23
ServiceStatus: loadBalancer 1 LoadBalancerStatus, conditions 2 Condition*
TopologySelectorTerm: matchLabelExpressions 1 TopologySelectorLabelRequirement*
EndpointAddress: ip 1, hostname 3, nodeName 4, targetRef 2 ObjectReference
EndpointPort: name 1, port 2 integer, protocol 3, appProtocol 4
LimitRangeItem: type 1, max 2 quantities, min 3 quantities, default 4 quantities, defaultRequest 5 quantities,
  maxLimitRequestRatio 6 quantities
NamespaceCondition: type 1, status 2, lastTransitionTime 4 time, reason 5, message 6
ReplicationControllerCondition: type 1, status 2, lastTransitionTime 3 time, reason 4, message 5
ScopeSelector: matchExpressions 1 ScopedResourceSelectorRequirement*
ServicePort: name 1, protocol 2 word, appProtocol 6, port 3 integer, targetPort 4 integerOrText, nodePort 5 count
SessionAffinityConfig: clientIP 1 ClientIPConfig
LoadBalancerStatus: ingress 1 LoadBalancerIngress*
TopologySelectorLabelRequirement: key 1, values 2 text*
ScopedResourceSelectorRequirement: scopeName 1, operator 2, values 3 text*
ClientIPConfig: timeoutSeconds 1 integer
LoadBalancerIngress: ip 1, hostname 2, ipMode 3, ports 4 PortStatus*
SecretReference: name 1, namespace 2
PortStatus: port 1 integer, protocol 2, error 3
Node: metadata 1 ObjectMeta, spec 2 NodeSpec, status 3 NodeStatus
NodeSpec: podCIDR 1, podCIDRs 7 text*, providerID 3, unschedulable 4 flag, taints 5 Taint*, configSource 6 NodeConfigSource,
  externalID 2
NodeStatus: capacity 1 quantities, allocatable 2 quantities, phase 3, conditions 4 NodeCondition*, addresses 5 NodeAddress*,
  daemonEndpoints 6 NodeDaemonEndpoints, nodeInfo 7 NodeSystemInfo, images 8 ContainerImage*, volumesInUse 9 text*,
  volumesAttached 10 AttachedVolume*, config 11 NodeConfigStatus, runtimeHandlers 12 NodeRuntimeHandler*,
  features 13 NodeFeatures, declaredFeatures - text*
Taint: key 1, value 2, effect 3, timeAdded 4 time
NodeConfigSource: configMap 2 ConfigMapNodeConfigSource
NodeCondition: type 1, status 2, lastHeartbeatTime 3 time, lastTransitionTime 4 time, reason 5, message 6
NodeAddress: type 1, address 2
NodeDaemonEndpoints: kubeletEndpoint 1 DaemonEndpoint
NodeSystemInfo: machineID 1, systemUUID 2, bootID 3, kernelVersion 4, osImage 5, containerRuntimeVersion 6, kubeletVersion 7,
  kubeProxyVersion 8, operatingSystem 9, architecture 10, swap 11 NodeSwapStatus
ContainerImage: names 1 text*, sizeBytes 2 integer
AttachedVolume: name 1, devicePath 2
NodeConfigStatus: assigned 1 NodeConfigSource, active 2 NodeConfigSource, lastKnownGood 3 NodeConfigSource, error 4
NodeRuntimeHandler: name 1, features 2 NodeRuntimeHandlerFeatures
NodeFeatures: supplementalGroupsPolicy 1 boolean
ConfigMapNodeConfigSource: namespace 1, name 2, uid 3, resourceVersion 4, kubeletConfigKey 5
DaemonEndpoint: Port 1 integer
NodeSwapStatus: capacity 1 integer
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts 1 boolean, userNamespaces 2 boolean
`,
};

/** What stands in objects of any kind. */
export const META_SHAPES: ShapeTable = {
  package: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  text: `
DeleteOptions: gracePeriodSeconds 1 integer, preconditions 2 Preconditions, orphanDependents 3 flag, propagationPolicy 4,
  dryRun 5 text*, ignoreStoreReadErrorWithClusterBreakingPotential 6 flag
ObjectMeta: name 1, generateName 2, namespace 3, selfLink 4, uid 5, resourceVersion 6, generation 7 count,
  creationTimestamp 8 time, deletionTimestamp 9 time, deletionGracePeriodSeconds 10 integer, labels 11 texts,
  annotations 12 texts, ownerReferences 13 OwnerReference*, finalizers 14 text*, managedFields 17 ManagedFieldsEntry*
Preconditions: uid 1, resourceVersion 2
OwnerReference: apiVersion 5, kind 1, name 3, uid 4, controller 6 boolean, blockOwnerDeletion 7 boolean
ManagedFieldsEntry: manager 1, operation 2, apiVersion 3, time 4 time, fieldsType 6, fieldsV1 7 json, subresource 8
LabelSelector: matchLabels 1 texts, matchExpressions 2 LabelSelectorRequirement*
Condition: type 1, status 2, observedGeneration 3 count, lastTransitionTime 4 time, reason 5, message 6
LabelSelectorRequirement: key 1, operator 2, values 3 text*
FieldSelectorRequirement: key 1, operator 2, values 3 text*
`,
};
