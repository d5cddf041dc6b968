import type { ShapeTable } from './shape-table.ts';

/** `apps/v1`. */
export const APPS_SHAPES: ShapeTable = {
  package: 'io.k8s.api.apps.v1',
  text: `
ControllerRevision: metadata 1 ObjectMeta, data 2 json, revision 3 integer
DaemonSet: metadata 1 ObjectMeta, spec 2 DaemonSetSpec, status 3 DaemonSetStatus
Deployment: metadata 1 ObjectMeta, spec 2 DeploymentSpec, status 3 DeploymentStatus
ReplicaSet: metadata 1 ObjectMeta, spec 2 ReplicaSetSpec, status 3 ReplicaSetStatus
StatefulSet: metadata 1 ObjectMeta, spec 2 StatefulSetSpec, status 3 StatefulSetStatus
DaemonSetSpec: selector 1 LabelSelector, template 2 PodTemplateSpec, updateStrategy 3 DaemonSetUpdateStrategy,
  minReadySeconds 4 count, revisionHistoryLimit 6 integer
DaemonSetStatus: currentNumberScheduled 1 integer, numberMisscheduled 2 integer, desiredNumberScheduled 3 integer,
  numberReady 4 integer, observedGeneration 5 count, updatedNumberScheduled 6 count, numberAvailable 7 count,
  numberUnavailable 8 count, collisionCount 9 integer, conditions 10 DaemonSetCondition*
DeploymentSpec: replicas 1 integer, selector 2 LabelSelector, template 3 PodTemplateSpec, strategy 4 DeploymentStrategy,
  minReadySeconds 5 count, revisionHistoryLimit 6 integer, paused 7 flag, progressDeadlineSeconds 9 integer
DeploymentStatus: observedGeneration 1 count, replicas 2 count, updatedReplicas 3 count, readyReplicas 7 count,
  availableReplicas 4 count, unavailableReplicas 5 count, terminatingReplicas 9 integer, conditions 6 DeploymentCondition*,
  collisionCount 8 integer
ReplicaSetSpec: replicas 1 integer, minReadySeconds 4 count, selector 2 LabelSelector, template 3 PodTemplateSpec
ReplicaSetStatus: replicas 1 integer, fullyLabeledReplicas 2 count, readyReplicas 4 count, availableReplicas 5 count,
  terminatingReplicas 7 integer, observedGeneration 3 count, conditions 6 ReplicaSetCondition*
StatefulSetSpec: replicas 1 integer, selector 2 LabelSelector, template 3 PodTemplateSpec,
  volumeClaimTemplates 4 PersistentVolumeClaim*, serviceName 5 word, podManagementPolicy 6 word,
  updateStrategy 7 StatefulSetUpdateStrategy, revisionHistoryLimit 8 integer, minReadySeconds 9 count,
  persistentVolumeClaimRetentionPolicy 10 StatefulSetPersistentVolumeClaimRetentionPolicy, ordinals 11 StatefulSetOrdinals
StatefulSetStatus: observedGeneration 1 count, replicas 2 integer, readyReplicas 3 count, currentReplicas 4 count,
  updatedReplicas 5 count, currentRevision 6, updateRevision 7, collisionCount 9 integer, conditions 10 StatefulSetCondition*,
  availableReplicas 11 integer
DaemonSetUpdateStrategy: type 1 word, rollingUpdate 2 RollingUpdateDaemonSet
DaemonSetCondition: type 1, status 2, lastTransitionTime 3 time, reason 4, message 5
DeploymentStrategy: type 1 word, rollingUpdate 2 RollingUpdateDeployment
DeploymentCondition: type 1, status 2, lastUpdateTime 6 time, lastTransitionTime 7 time, reason 4, message 5
ReplicaSetCondition: type 1, status 2, lastTransitionTime 3 time, reason 4, message 5
StatefulSetUpdateStrategy: type 1 word, rollingUpdate 2 RollingUpdateStatefulSetStrategy
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted 1, whenScaled 2
StatefulSetOrdinals: start 1 integer
StatefulSetCondition: type 1, status 2, lastTransitionTime 3 time, reason 4, message 5
RollingUpdateDaemonSet: maxUnavailable 1 integerOrText, maxSurge 2 integerOrText
RollingUpdateDeployment: maxUnavailable 1 integerOrText, maxSurge 2 integerOrText
RollingUpdateStatefulSetStrategy: partition 1 integer, maxUnavailable 2 integerOrText
`,
};

/** `authentication/v1`. */
export const AUTHENTICATION_SHAPES: ShapeTable = {
  package: 'io.k8s.api.authentication.v1',
  text: `
SelfSubjectReview: metadata 1 ObjectMeta, status 2 SelfSubjectReviewStatus
SelfSubjectReviewStatus: userInfo 1 UserInfo
UserInfo: username 1, uid 2, groups 3 text*, extra - any
TokenRequest: metadata 1 ObjectMeta, spec 2 TokenRequestSpec, status 3 TokenRequestStatus
TokenRequestSpec: audiences 1 text*, expirationSeconds 4 integer, boundObjectRef 3 BoundObjectReference
TokenRequestStatus: token 1, expirationTimestamp 2 time
BoundObjectReference: kind 1, apiVersion 2, name 3, uid 4
TokenReview: metadata 1 ObjectMeta, spec 2 TokenReviewSpec, status 3 TokenReviewStatus
TokenReviewSpec: token 1, audiences 2 text*
TokenReviewStatus: authenticated 1 flag, user 2 UserInfo, error 3, audiences 4 text*
`,
};

/** `authorization/v1`. */
export const AUTHORIZATION_SHAPES: ShapeTable = {
  package: 'io.k8s.api.authorization.v1',
  text: `
SelfSubjectAccessReview: metadata 1 ObjectMeta, spec 2 SelfSubjectAccessReviewSpec, status 3 SubjectAccessReviewStatus
SubjectAccessReview: metadata 1 ObjectMeta, spec 2 SubjectAccessReviewSpec, status 3 SubjectAccessReviewStatus
SubjectAccessReviewSpec: resourceAttributes 1 ResourceAttributes, nonResourceAttributes 2 NonResourceAttributes, user 3,
  groups 4 text*, extra - any, uid 6
SelfSubjectRulesReview: metadata 1 ObjectMeta, spec 2 SelfSubjectRulesReviewSpec, status 3 SubjectRulesReviewStatus
SelfSubjectAccessReviewSpec: resourceAttributes 1 ResourceAttributes, nonResourceAttributes 2 NonResourceAttributes
SubjectAccessReviewStatus: allowed 1 flag, denied 4 flag, reason 2, evaluationError 3
SelfSubjectRulesReviewSpec: namespace 1
SubjectRulesReviewStatus: resourceRules 1 ResourceRule*, nonResourceRules 2 NonResourceRule*, incomplete 3 flag,
  evaluationError 4
ResourceAttributes: namespace 1, verb 2, group 3, version 4, resource 5, subresource 6, name 7,
  fieldSelector 8 FieldSelectorAttributes, labelSelector 9 LabelSelectorAttributes
NonResourceAttributes: path 1, verb 2
ResourceRule: verbs 1 text*, apiGroups 2 text*, resources 3 text*, resourceNames 4 text*
NonResourceRule: verbs 1 text*, nonResourceURLs 2 text*
FieldSelectorAttributes: rawSelector 1, requirements 2 FieldSelectorRequirement*
LabelSelectorAttributes: rawSelector 1, requirements 2 LabelSelectorRequirement*
`,
};

/** `autoscaling/v1`. */
export const SCALE_SHAPES: ShapeTable = {
  package: 'io.k8s.api.autoscaling.v1',
  text: `
Scale: metadata 1 ObjectMeta, spec 2 ScaleSpec, status 3 ScaleStatus
ScaleSpec: replicas 1 integer
ScaleStatus: replicas 1 integer, selector 2
`,
};

/** `autoscaling/v2`. */
export const AUTOSCALING_SHAPES: ShapeTable = {
  package: 'io.k8s.api.autoscaling.v2',
  text: `
HorizontalPodAutoscaler: metadata 1 ObjectMeta, spec 2 HorizontalPodAutoscalerSpec, status 3 HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: scaleTargetRef 1 CrossVersionObjectReference, minReplicas 2 integer, maxReplicas 3 integer,
  metrics 4 MetricSpec*, behavior 5 HorizontalPodAutoscalerBehavior
HorizontalPodAutoscalerStatus: observedGeneration 1 count, lastScaleTime 2 time, currentReplicas 3 count,
  desiredReplicas 4 integer, currentMetrics 5 MetricStatus*, conditions 6 HorizontalPodAutoscalerCondition*
CrossVersionObjectReference: kind 1, name 2, apiVersion 3
MetricSpec: type 1, object 2 ObjectMetricSource, pods 3 PodsMetricSource, resource 4 ResourceMetricSource,
  containerResource 7 ContainerResourceMetricSource, external 5 ExternalMetricSource
HorizontalPodAutoscalerBehavior: scaleUp 1 HPAScalingRules, scaleDown 2 HPAScalingRules
MetricStatus: type 1, object 2 ObjectMetricStatus, pods 3 PodsMetricStatus, resource 4 ResourceMetricStatus,
  containerResource 7 ContainerResourceMetricStatus, external 5 ExternalMetricStatus
HorizontalPodAutoscalerCondition: type 1, status 2, lastTransitionTime 3 time, reason 4, message 5
ObjectMetricSource: describedObject 1 CrossVersionObjectReference, target 2 MetricTarget, metric 3 MetricIdentifier
PodsMetricSource: metric 1 MetricIdentifier, target 2 MetricTarget
ResourceMetricSource: name 1, target 2 MetricTarget
ContainerResourceMetricSource: name 1, target 2 MetricTarget, container 3
ExternalMetricSource: metric 1 MetricIdentifier, target 2 MetricTarget
HPAScalingRules: stabilizationWindowSeconds 3 integer, selectPolicy 1, policies 2 HPAScalingPolicy*, tolerance 4 quantity
ObjectMetricStatus: metric 1 MetricIdentifier, current 2 MetricValueStatus, describedObject 3 CrossVersionObjectReference
PodsMetricStatus: metric 1 MetricIdentifier, current 2 MetricValueStatus
ResourceMetricStatus: name 1, current 2 MetricValueStatus
ContainerResourceMetricStatus: name 1, current 2 MetricValueStatus, container 3
ExternalMetricStatus: metric 1 MetricIdentifier, current 2 MetricValueStatus
MetricTarget: type 1, value 2 quantity, averageValue 3 quantity, averageUtilization 4 integer
MetricIdentifier: name 1, selector 2 LabelSelector
HPAScalingPolicy: type 1, value 2 integer, periodSeconds 3 integer
MetricValueStatus: value 1 quantity, averageValue 2 quantity, averageUtilization 3 integer
`,
};

/** `batch/v1`. */
export const BATCH_SHAPES: ShapeTable = {
  package: 'io.k8s.api.batch.v1',
  text: `
CronJob: metadata 1 ObjectMeta, spec 2 CronJobSpec, status 3 CronJobStatus
Job: metadata 1 ObjectMeta, spec 2 JobSpec, status 3 JobStatus
CronJobSpec: schedule 1, timeZone 8, startingDeadlineSeconds 2 integer, concurrencyPolicy 3 word, suspend 4 boolean,
  jobTemplate 5 JobTemplateSpec, successfulJobsHistoryLimit 6 integer, failedJobsHistoryLimit 7 integer
CronJobStatus: active 1 ObjectReference*, lastScheduleTime 4 time, lastSuccessfulTime 5 time
JobSpec: parallelism 1 integer, completions 2 integer, activeDeadlineSeconds 3 integer, podFailurePolicy 11 PodFailurePolicy,
  successPolicy 16 SuccessPolicy, backoffLimit 7 integer, backoffLimitPerIndex 12 integer, maxFailedIndexes 13 integer,
  selector 4 LabelSelector, manualSelector 5 boolean, template 6 PodTemplateSpec, ttlSecondsAfterFinished 8 integer,
  completionMode 9, suspend 10 boolean, podReplacementPolicy 14, managedBy 15
JobStatus: conditions 1 JobCondition*, startTime 2 time, completionTime 3 time, active 4 count, succeeded 5 count,
  failed 6 count, terminating 11 integer, completedIndexes 7, failedIndexes 10,
  uncountedTerminatedPods 8 UncountedTerminatedPods, ready 9 integer
JobTemplateSpec: metadata 1 ObjectMeta, spec 2 JobSpec
PodFailurePolicy: rules 1 PodFailurePolicyRule*
SuccessPolicy: rules 1 SuccessPolicyRule*
JobCondition: type 1, status 2, lastProbeTime 3 time, lastTransitionTime 4 time, reason 5, message 6
UncountedTerminatedPods: succeeded 1 text*, failed 2 text*
PodFailurePolicyRule: action 1, onExitCodes 2 PodFailurePolicyOnExitCodesRequirement,
  onPodConditions 3 PodFailurePolicyOnPodConditionsPattern*
SuccessPolicyRule: succeededIndexes 1, succeededCount 2 integer
PodFailurePolicyOnExitCodesRequirement: containerName 1, operator 2, values 3 integer*
PodFailurePolicyOnPodConditionsPattern: type 1, status 2
`,
};

/** `coordination/v1`. */
export const COORDINATION_SHAPES: ShapeTable = {
  package: 'io.k8s.api.coordination.v1',
  text: `
Lease: metadata 1 ObjectMeta, spec 2 LeaseSpec
LeaseSpec: holderIdentity 1, leaseDurationSeconds 2 integer, acquireTime 3 microtime, renewTime 4 microtime,
  leaseTransitions 5 integer, strategy 6, preferredHolder 7
`,
};

/** `discovery/v1`. */
export const DISCOVERY_SHAPES: ShapeTable = {
  package: 'io.k8s.api.discovery.v1',
  text: `
EndpointSlice: metadata 1 ObjectMeta, addressType 4, endpoints 2 Endpoint*, ports 3 EndpointPort*
Endpoint: addresses 1 text*, conditions 2 EndpointConditions, hostname 3, targetRef 4 ObjectReference,
  deprecatedTopology 5 texts, nodeName 6, zone 7, hints 8 EndpointHints
EndpointPort: name 1, protocol 2, port 3 integer, appProtocol 4
EndpointConditions: ready 1 boolean, serving 2 boolean, terminating 3 boolean
EndpointHints: forZones 1 ForZone*, forNodes 2 ForNode*
ForZone: name 1
ForNode: name 1
`,
};

/** `networking/v1`. */
export const NETWORKING_SHAPES: ShapeTable = {
  package: 'io.k8s.api.networking.v1',
  text: `
Ingress: metadata 1 ObjectMeta, spec 2 IngressSpec, status 3 IngressStatus
IngressClass: metadata 1 ObjectMeta, spec 2 IngressClassSpec
NetworkPolicy: metadata 1 ObjectMeta, spec 2 NetworkPolicySpec
IngressSpec: ingressClassName 4, defaultBackend 1 IngressBackend, tls 2 IngressTLS*, rules 3 IngressRule*
IngressStatus: loadBalancer 1 IngressLoadBalancerStatus
IngressClassSpec: controller 1, parameters 2 IngressClassParametersReference
NetworkPolicySpec: podSelector 1 LabelSelector, ingress 2 NetworkPolicyIngressRule*, egress 3 NetworkPolicyEgressRule*,
  policyTypes 4 text*
IngressBackend: service 4 IngressServiceBackend, resource 3 TypedLocalObjectReference
IngressTLS: hosts 1 text*, secretName 2
IngressRule: host 1, ... 2 IngressRuleValue
IngressLoadBalancerStatus: ingress 1 IngressLoadBalancerIngress*
IngressClassParametersReference: apiGroup 1, kind 2, name 3, scope 4, namespace 5
NetworkPolicyIngressRule: ports 1 NetworkPolicyPort*, from 2 NetworkPolicyPeer*
NetworkPolicyEgressRule: ports 1 NetworkPolicyPort*, to 2 NetworkPolicyPeer*
IngressServiceBackend: name 1, port 2 ServiceBackendPort
IngressRuleValue: http 1 HTTPIngressRuleValue
IngressLoadBalancerIngress: ip 1, hostname 2, ports 4 IngressPortStatus*
NetworkPolicyPort: protocol 1, port 2 integerOrText, endPort 3 integer
NetworkPolicyPeer: podSelector 1 LabelSelector, namespaceSelector 2 LabelSelector, ipBlock 3 IPBlock
ServiceBackendPort: name 1, number 2 count
HTTPIngressRuleValue: paths 1 HTTPIngressPath*
IngressPortStatus: port 1 integer, protocol 2, error 3
IPBlock: cidr 1, except 2 text*
HTTPIngressPath: path 1, pathType 3, backend 2 IngressBackend
`,
};

/** `policy/v1`. */
export const POLICY_SHAPES: ShapeTable = {
  package: 'io.k8s.api.policy.v1',
  text: `
Eviction: metadata 1 ObjectMeta, deleteOptions 2 DeleteOptions
PodDisruptionBudget: metadata 1 ObjectMeta, spec 2 PodDisruptionBudgetSpec, status 3 PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: minAvailable 1 integerOrText, selector 2 LabelSelector, maxUnavailable 3 integerOrText,
  unhealthyPodEvictionPolicy 4
PodDisruptionBudgetStatus: observedGeneration 1 count, disruptedPods - any, disruptionsAllowed 3 integer,
  currentHealthy 4 integer, desiredHealthy 5 integer, expectedPods 6 integer, conditions 7 Condition*
`,
};

/** `rbac/v1`. */
export const RBAC_SHAPES: ShapeTable = {
  package: 'io.k8s.api.rbac.v1',
  text: `
ClusterRole: metadata 1 ObjectMeta, rules 2 PolicyRule*, aggregationRule 3 AggregationRule
ClusterRoleBinding: metadata 1 ObjectMeta, subjects 2 Subject*, roleRef 3 RoleRef
Role: metadata 1 ObjectMeta, rules 2 PolicyRule*
RoleBinding: metadata 1 ObjectMeta, subjects 2 Subject*, roleRef 3 RoleRef
PolicyRule: verbs 1 text*, apiGroups 2 text*, resources 3 text*, resourceNames 4 text*, nonResourceURLs 5 text*
AggregationRule: clusterRoleSelectors 1 LabelSelector*
Subject: kind 1, apiGroup 2, name 3, namespace 4
RoleRef: apiGroup 1, kind 2, name 3
`,
};

/** `scheduling/v1`. */
export const SCHEDULING_SHAPES: ShapeTable = {
  package: 'io.k8s.api.scheduling.v1',
  text: `
PriorityClass: metadata 1 ObjectMeta, value 2 integer, globalDefault 3 flag, description 4, preemptionPolicy 5
`,
};

/** `storage/v1`. */
export const STORAGE_SHAPES: ShapeTable = {
  package: 'io.k8s.api.storage.v1',
  text: `
StorageClass: metadata 1 ObjectMeta, provisioner 2, parameters 3 texts, reclaimPolicy 4, mountOptions 5 text*,
  allowVolumeExpansion 6 boolean, volumeBindingMode 7, allowedTopologies 8 TopologySelectorTerm*
`,
};

/** `apiextensions/v1`. */
export const DEFINITION_SHAPES: ShapeTable = {
  package: 'io.k8s.api.apiextensions.v1',
  text: `
CustomResourceDefinition: metadata 1 ObjectMeta, spec 2 CustomResourceDefinitionSpec, status 3 CustomResourceDefinitionStatus
CustomResourceDefinitionSpec: group 1, names 3 CustomResourceDefinitionNames, scope 4, versions 7 CustomResourceDefinitionVersion*,
  conversion 9 CustomResourceConversion, preserveUnknownFields 10 flag
CustomResourceDefinitionNames: plural 1, singular 2 word, shortNames 3 text*, kind 4, listKind 5 word, categories 6 text*
CustomResourceDefinitionVersion: name 1, served 2 boolean, storage 3 boolean, deprecated 7 flag, deprecationWarning 8,
  schema 4 CustomResourceValidation, subresources 5 CustomResourceSubresources,
  additionalPrinterColumns 6 CustomResourceColumnDefinition*, selectableFields 9 SelectableField*
CustomResourceValidation: openAPIV3Schema - json
CustomResourceSubresources: status - json, scale 2 CustomResourceSubresourceScale
CustomResourceSubresourceScale: specReplicasPath 1, statusReplicasPath 2, labelSelectorPath 3
CustomResourceColumnDefinition: name 1, type 2, format 3, description 4, priority 5 count, jsonPath 6
SelectableField: jsonPath 1
CustomResourceConversion: strategy 1, webhook - json
CustomResourceDefinitionStatus: conditions 1 CustomResourceDefinitionCondition*, acceptedNames 2 CustomResourceDefinitionNames,
  storedVersions 3 text*
CustomResourceDefinitionCondition: type 1, status 2, lastTransitionTime 3 time, reason 4, message 5
`,
};
