// Trainings in containers of their own: the app starts an execution for each and stops it (trainers/protocol.md, "A trainer that does one attempt").
param jobName string
param location string
param environmentId string
param workloadProfile string
param identityId string
param appPrincipalId string
param registryServer string
param image string
param cpu int
param memoryGB int
param hours int

// Read, start and stop the job, and nothing else of it.
var jobsOperator = 'b9a307c4-5aa3-4b52-ba60-2b17c136cd7b'

resource job 'Microsoft.App/jobs@2024-03-01' = {
  name: jobName
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: workloadProfile
    configuration: {
      triggerType: 'Manual'
      manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
      // The app starts the next attempt, from the last checkpoint.
      replicaRetryLimit: 0
      replicaTimeout: hours * 3600
      registries: [{ server: registryServer, identity: identityId }]
    }
    template: {
      containers: [
        {
          name: jobName
          image: image
          resources: { cpu: cpu, memory: '${memoryGB}Gi' }
          env: []
        }
      ]
    }
  }
}

resource startedByApp 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(job.id, 'app', jobsOperator)
  scope: job
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', jobsOperator)
  }
}
