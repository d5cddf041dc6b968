import type { ShapeTable } from './shape-table.ts';

/** Pods and what stands in them, volumes aside. */
export const POD_SHAPES: ShapeTable = {
  package: 'io.k8s.api.core.v1',
  text: `
Pod: metadata 1 ObjectMeta, spec 2 PodSpec, status 3 PodStatus
PodSpec: volumes 1 Volume*, initContainers 20 Container*, containers 2 Container*, ephemeralContainers 34 EphemeralContainer*,
  restartPolicy 3 word, terminationGracePeriodSeconds 4 integer, activeDeadlineSeconds 5 integer,
  dnsPolicy 6 word, nodeSelector 7 texts,
  serviceAccountName 8 word, serviceAccount 9, automountServiceAccountToken 21 boolean, nodeName 10, hostNetwork 11 flag,
  hostPID 12 flag, hostIPC 13 flag, shareProcessNamespace 27 boolean, securityContext 14 PodSecurityContext,
  imagePullSecrets 15 LocalObjectReference*, hostname 16, subdomain 17, affinity 18 Affinity, schedulerName 19 word,
  tolerations 22 Toleration*, hostAliases 23 HostAlias*, priorityClassName 24, priority 25 integer, dnsConfig 26 PodDNSConfig,
  readinessGates 28 PodReadinessGate*, runtimeClassName 29, enableServiceLinks 30 boolean, preemptionPolicy 31,
  overhead 32 quantities, topologySpreadConstraints 33 TopologySpreadConstraint*, setHostnameAsFQDN 35 boolean, os 36 PodOS,
  hostUsers 37 boolean, schedulingGates 38 PodSchedulingGate*, resourceClaims 39 PodResourceClaim*,
  resources 40 ResourceRequirements, hostnameOverride 41, workloadRef - any, schedulingGroup - any
PodStatus: observedGeneration 17 count, phase 1, conditions 2 PodCondition*, message 3, reason 4, nominatedNodeName 11, hostIP 5,
  hostIPs 16 HostIP*, podIP 6, podIPs 12 PodIP*, startTime 7 time, initContainerStatuses 10 ContainerStatus*,
  containerStatuses 8 ContainerStatus*, qosClass 9, ephemeralContainerStatuses 13 ContainerStatus*, resize 14,
  resourceClaimStatuses 15 PodResourceClaimStatus*, extendedResourceClaimStatus 18 PodExtendedResourceClaimStatus,
  allocatedResources - quantities, resources - ResourceRequirements
PodTemplateSpec: metadata 1 ObjectMeta, spec 2 PodSpec
LocalObjectReference: name 1
Container: name 1, image 2, command 3 text*, args 4 text*, workingDir 5, ports 6 ContainerPort*, envFrom 19 EnvFromSource*,
  env 7 EnvVar*, resources 8 ResourceRequirements, resizePolicy 23 ContainerResizePolicy*, restartPolicy 24,
  restartPolicyRules 25 ContainerRestartRule*, volumeMounts 9 VolumeMount*, volumeDevices 21 VolumeDevice*,
  livenessProbe 10 Probe, readinessProbe 11 Probe, startupProbe 22 Probe, lifecycle 12 Lifecycle, terminationMessagePath 13 word,
  terminationMessagePolicy 20 word, imagePullPolicy 14 word, securityContext 15 SecurityContext, stdin 16 flag, stdinOnce 17 flag,
  tty 18 flag
EphemeralContainer: ... 1 EphemeralContainerCommon, targetContainerName 2
PodSecurityContext: seLinuxOptions 1 SELinuxOptions, windowsOptions 8 WindowsSecurityContextOptions, runAsUser 2 integer,
  runAsGroup 6 integer, runAsNonRoot 3 boolean, supplementalGroups 4 integer*, supplementalGroupsPolicy 12, fsGroup 5 integer,
  sysctls 7 Sysctl*, fsGroupChangePolicy 9, seccompProfile 10 SeccompProfile, appArmorProfile 11 AppArmorProfile,
  seLinuxChangePolicy 13
Affinity: nodeAffinity 1 NodeAffinity, podAffinity 2 PodAffinity, podAntiAffinity 3 PodAntiAffinity
Toleration: key 1, operator 2, value 3, effect 4, tolerationSeconds 5 integer
HostAlias: ip 1, hostnames 2 text*
PodDNSConfig: nameservers 1 text*, searches 2 text*, options 3 PodDNSConfigOption*
PodReadinessGate: conditionType 1
TopologySpreadConstraint: maxSkew 1 integer, topologyKey 2, whenUnsatisfiable 3, labelSelector 4 LabelSelector,
  minDomains 5 integer, nodeAffinityPolicy 6, nodeTaintsPolicy 7, matchLabelKeys 8 text*
PodOS: name 1
PodSchedulingGate: name 1
PodResourceClaim: name 1, resourceClaimName 3, resourceClaimTemplateName 4
ResourceRequirements: limits 1 quantities, requests 2 quantities, claims 3 ResourceClaim*
PodCondition: type 1, observedGeneration 7 count, status 2, lastProbeTime 3 time, lastTransitionTime 4 time, reason 5, message 6
HostIP: ip 1
PodIP: ip 1
ContainerStatus: name 1, state 2 ContainerState, lastState 3 ContainerState, ready 4 boolean, restartCount 5 integer, image 6,
  imageID 7, containerID 8, started 9 boolean, allocatedResources 10 quantities, resources 11 ResourceRequirements,
  volumeMounts 12 VolumeMountStatus*, user 13 ContainerUser, allocatedResourcesStatus 14 ResourceStatus*, stopSignal 15
PodResourceClaimStatus: name 1, resourceClaimName 2
PodExtendedResourceClaimStatus: requestMappings 1 ContainerExtendedResourceRequest*, resourceClaimName 2
NodeSelector: nodeSelectorTerms 1 NodeSelectorTerm*
ContainerPort: name 1, hostPort 2 count, containerPort 3 integer, protocol 4 word, hostIP 5
EnvFromSource: prefix 1, configMapRef 2 ConfigMapEnvSource, secretRef 3 SecretEnvSource
EnvVar: name 1, value 2, valueFrom 3 EnvVarSource
ContainerResizePolicy: resourceName 1, restartPolicy 2
ContainerRestartRule: action 1, exitCodes 2 ContainerRestartRuleOnExitCodes
VolumeMount: name 1, readOnly 2 flag, recursiveReadOnly 7, mountPath 3, subPath 4, mountPropagation 5, subPathExpr 6
VolumeDevice: name 1, devicePath 2
Probe: ... 1 ProbeHandler, initialDelaySeconds 2 count, timeoutSeconds 3 count, periodSeconds 4 count, successThreshold 5 count,
  failureThreshold 6 count, terminationGracePeriodSeconds 7 integer
Lifecycle: postStart 1 LifecycleHandler, preStop 2 LifecycleHandler, stopSignal 3
SecurityContext: capabilities 1 Capabilities, privileged 2 boolean, seLinuxOptions 3 SELinuxOptions,
  windowsOptions 10 WindowsSecurityContextOptions, runAsUser 4 integer, runAsGroup 8 integer, runAsNonRoot 5 boolean,
  readOnlyRootFilesystem 6 boolean, allowPrivilegeEscalation 7 boolean, procMount 9, seccompProfile 11 SeccompProfile,
  appArmorProfile 12 AppArmorProfile
EphemeralContainerCommon: name 1, image 2, command 3 text*, args 4 text*, workingDir 5, ports 6 ContainerPort*,
  envFrom 19 EnvFromSource*, env 7 EnvVar*, resources 8 ResourceRequirements, resizePolicy 23 ContainerResizePolicy*,
  restartPolicy 24, restartPolicyRules 25 ContainerRestartRule*, volumeMounts 9 VolumeMount*, volumeDevices 21 VolumeDevice*,
  livenessProbe 10 Probe, readinessProbe 11 Probe, startupProbe 22 Probe, lifecycle 12 Lifecycle, terminationMessagePath 13,
  terminationMessagePolicy 20, imagePullPolicy 14, securityContext 15 SecurityContext, stdin 16 flag, stdinOnce 17 flag,
  tty 18 flag
SELinuxOptions: user 1, role 2, type 3, level 4
WindowsSecurityContextOptions: gmsaCredentialSpecName 1, gmsaCredentialSpec 2, runAsUserName 3, hostProcess 4 boolean
Sysctl: name 1, value 2
SeccompProfile: type 1, localhostProfile 2
AppArmorProfile: type 1, localhostProfile 2
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution 1 NodeSelector,
  preferredDuringSchedulingIgnoredDuringExecution 2 PreferredSchedulingTerm*
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution 1 PodAffinityTerm*,
  preferredDuringSchedulingIgnoredDuringExecution 2 WeightedPodAffinityTerm*
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution 1 PodAffinityTerm*,
  preferredDuringSchedulingIgnoredDuringExecution 2 WeightedPodAffinityTerm*
PodDNSConfigOption: name 1, value 2
ResourceClaim: name 1, request 2
ContainerState: waiting 1 ContainerStateWaiting, running 2 ContainerStateRunning, terminated 3 ContainerStateTerminated
VolumeMountStatus: name 1, mountPath 2, readOnly 3 flag, recursiveReadOnly 4
ContainerUser: linux 1 LinuxContainerUser
ResourceStatus: name 1, resources 2 ResourceHealth*
ContainerExtendedResourceRequest: containerName 1, resourceName 2, requestName 3
NodeSelectorTerm: matchExpressions 1 NodeSelectorRequirement*, matchFields 2 NodeSelectorRequirement*
ConfigMapEnvSource: ... 1 LocalObjectReference, optional 2 boolean
SecretEnvSource: ... 1 LocalObjectReference, optional 2 boolean
EnvVarSource: fieldRef 1 ObjectFieldSelector, resourceFieldRef 2 ResourceFieldSelector, configMapKeyRef 3 ConfigMapKeySelector,
  secretKeyRef 4 SecretKeySelector, fileKeyRef 5 FileKeySelector
ContainerRestartRuleOnExitCodes: operator 1, values 2 integer*
ProbeHandler: exec 1 ExecAction, httpGet 2 HTTPGetAction, tcpSocket 3 TCPSocketAction, grpc 4 GRPCAction
LifecycleHandler: exec 1 ExecAction, httpGet 2 HTTPGetAction, tcpSocket 3 TCPSocketAction, sleep 4 SleepAction
Capabilities: add 1 text*, drop 2 text*
PreferredSchedulingTerm: weight 1 integer, preference 2 NodeSelectorTerm
PodAffinityTerm: labelSelector 1 LabelSelector, namespaces 2 text*, topologyKey 3, namespaceSelector 4 LabelSelector,
  matchLabelKeys 5 text*, mismatchLabelKeys 6 text*
WeightedPodAffinityTerm: weight 1 integer, podAffinityTerm 2 PodAffinityTerm
ContainerStateWaiting: reason 1, message 2
ContainerStateRunning: startedAt 1 time
ContainerStateTerminated: exitCode 1 integer, signal 2 count, reason 3, message 4, startedAt 5 time, finishedAt 6 time,
  containerID 7
LinuxContainerUser: uid 1 integer, gid 2 integer, supplementalGroups 3 integer*
ResourceHealth: resourceID 1, health 2
NodeSelectorRequirement: key 1, operator 2, values 3 text*
ObjectFieldSelector: apiVersion 1, fieldPath 2
ResourceFieldSelector: containerName 1, resource 2, divisor 3 quantity
ConfigMapKeySelector: ... 1 LocalObjectReference, key 2, optional 3 boolean
SecretKeySelector: ... 1 LocalObjectReference, key 2, optional 3 boolean
FileKeySelector: volumeName 1, path 2, key 3, optional 4 boolean
ExecAction: command 1 text*
HTTPGetAction: path 1, port 2 integerOrText, host 3, scheme 4, httpHeaders 5 HTTPHeader*
TCPSocketAction: port 1 integerOrText, host 2
GRPCAction: port 1 integer, service 2
SleepAction: seconds 1 integer
HTTPHeader: name 1, value 2
`,
};
