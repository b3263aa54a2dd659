// One service in a container: a trainer or the model server. Its address is public, over TLS only; it asks each caller for its key.
param appName string
param location string
param environmentId string
param workloadProfile string
@description('0: it sleeps when nobody asks.')
param minReplicas int
param identityId string
param registryServer string
param image string
param port int
param healthPath string
param cpu int
param memoryGB int
param vaultUri string
@description('Settings whose values are secrets in the vault.')
param secretSettings string[]
param settings object

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: appName
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: workloadProfile
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: { external: true, targetPort: port, transport: 'http', allowInsecure: false }
      registries: [{ server: registryServer, identity: identityId }]
      secrets: [
        for setting in secretSettings: {
          name: toLower(replace(setting, '_', '-'))
          keyVaultUrl: '${vaultUri}secrets/${replace(setting, '_', '-')}'
          identity: identityId
        }
      ]
    }
    template: {
      scale: { minReplicas: minReplicas, maxReplicas: 1 }
      terminationGracePeriodSeconds: 60
      containers: [
        {
          name: appName
          image: image
          resources: { cpu: cpu, memory: '${memoryGB}Gi' }
          env: concat(
            map(items(settings), setting => { name: setting.key, value: setting.value }),
            map(secretSettings, setting => { name: setting, secretRef: toLower(replace(setting, '_', '-')) })
          )
          probes: [
            {
              type: 'Startup'
              httpGet: { path: healthPath, port: port }
              periodSeconds: 5
              timeoutSeconds: 5
              failureThreshold: 60
            }
            {
              type: 'Liveness'
              httpGet: { path: healthPath, port: port }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 6
            }
          ]
        }
      ]
    }
  }
}
