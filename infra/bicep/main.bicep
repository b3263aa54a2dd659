// The platform on Azure, in one resource group: the app on Azure Functions, trainers on Container Apps, and what both need. The databases
// (Railway) and the object store (R2) are elsewhere. docs/deploy-azure.md has every command.
targetScope = 'resourceGroup'

@description('Begins the names of all resources: lower-case letters and digits.')
@minLength(2)
@maxLength(8)
param prefix string

@allowed(['dev', 'staging', 'prod'])
param environmentName string

param location string = resourceGroup().location

@description('Tag of the images in the container registry. Without one there are no container apps yet: the registry, the vault and its secrets come first.')
param imageTag string = ''

@description('A trainer for each image.')
param trainers trainer[]

@description('Workload profile with a GPU, for the trainers that want one.')
@allowed(['Consumption-GPU-NC8as-T4', 'Consumption-GPU-NC24-A100'])
param gpuProfile string = 'Consumption-GPU-NC8as-T4'

@description('Model servers, which serve the ONNX exports of deployments. Each loads every deployed model. 0: the trainers predict.')
@minValue(0)
@maxValue(8)
param modelServers int

@description('Whether there is a static site for the console.')
param hasConsole bool = false

@description('Instances that always wait for requests. 0 costs nothing, and the first request after a pause takes seconds.')
@minValue(0)
param alwaysReady int

@description('Instances at most. Each takes up to DB_POOL_SIZE + DB_POOL_OVERFLOW connections of each database.')
@minValue(1)
@maxValue(1000)
param maximumInstances int

@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Address at which people and trainers reach the app; empty: the one that Azure gives.')
param publicUrl string = ''

@description('S3 endpoint of the object store, without a bucket.')
param storageEndpoint string

@description('Settings of the app that differ from their defaults and are not secret, by name (docs/settings.md).')
param settings object = {}

@description('Settings of the app whose values are secrets in the vault, besides those that every installation has.')
param moreSecrets string[] = []

@description('Who gets the alerts.')
param alertEmails string[] = []

@description('Minutes that a training job may wait in the queue before an alert.')
@minValue(1)
param queueAgeMinutes int = 60

@description('Whether Azure asks /health/ready from three places and raises an alert when it fails.')
param hasAvailabilityTest bool = false

@minValue(30)
param logRetentionDays int = 30

@description('Hours after which Azure ends a training that runs in a container of its own. The next attempt goes on from the last checkpoint.')
@minValue(1)
param trainingHours int = 168

@export()
type trainer = {
  @description('Name of the framework, as the folder in trainers/ is called.')
  @maxLength(20)
  name: string
  @description('Port that the image listens on.')
  port: int
  @description('Runs on the GPU workload profile.')
  gpu: bool
  @description('CPU cores.')
  cpu: int
  memoryGB: int
  @description('Jobs at the same time.')
  slots: int
  @description('http: one container does the jobs and runs all the time. container-apps-job: each job gets a container of its own, which is paid while it trains; a small service that sleeps when nobody asks describes the trainer and predicts.')
  launcher: 'http' | 'container-apps-job'
}

var suffix = take(uniqueString(resourceGroup().id), 6)
// Storage accounts, registries and vaults allow no dashes or 24 characters at most, and their names are unique in the world.
var shortName = '${prefix}${environmentName}${suffix}'
var longName = '${prefix}-${environmentName}'

var jobTrainers = filter(trainers, one => one.launcher == 'container-apps-job')

// Every installation has these; names of secrets have dashes where settings have underscores.
var secretSettings = union(
  [
    'USER_DATABASE_URL'
    'DATABASE_URL'
    'EXTERNAL_STORAGE_ACCESS_KEY'
    'EXTERNAL_STORAGE_SECRET_KEY'
    'JWT_SECRET'
    'TRAINER_API_KEY'
  ],
  modelServers > 0 ? ['MODEL_SERVER_API_KEY'] : [],
  moreSecrets
)

module identities 'modules/identities.bicep' = {
  name: 'identities'
  params: { longName: longName, location: location }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: { longName: longName, location: location, retentionDays: logRetentionDays }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: { accountName: 'st${shortName}', location: location }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: { vaultName: 'kv${shortName}', location: location, workspaceId: monitoring.outputs.workspaceId }
}

module registry 'modules/registry.bicep' = {
  name: 'registry'
  params: { registryName: 'cr${shortName}', location: location }
}

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    appPrincipalId: identities.outputs.appPrincipalId
    containersPrincipalId: identities.outputs.containersPrincipalId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    registryName: registry.outputs.name
    insightsName: monitoring.outputs.insightsName
    // A right to one secret can only be given when the secret is there.
    containerSecrets: empty(imageTag)
      ? []
      : union(['TRAINER-API-KEY'], modelServers > 0 ? ['MODEL-SERVER-API-KEY'] : [])
  }
}

module containers 'modules/containers.bicep' = {
  name: 'containers'
  params: {
    longName: longName
    location: location
    workspaceName: monitoring.outputs.workspaceName
    gpuProfile: contains(map(trainers, one => one.gpu), true) ? gpuProfile : ''
  }
}

module trainerApps 'modules/container-app.bicep' = [
  for one in trainers: if (!empty(imageTag)) {
    name: 'trainer-${one.name}'
    params: {
      appName: 'trainer-${one.name}'
      location: location
      environmentId: containers.outputs.environmentId
      workloadProfile: one.gpu && one.launcher == 'http' ? 'gpu' : 'Consumption'
      // A trainer holds its jobs itself, and Azure would stop one that gets no requests while it trains.
      minReplicas: one.launcher == 'http' ? 1 : 0
      identityId: identities.outputs.containersId
      registryServer: registry.outputs.server
      image: '${registry.outputs.server}/vision-trainer-${one.name}:${imageTag}'
      port: one.port
      healthPath: '/health'
      cpu: one.launcher == 'http' ? one.cpu : 2
      memoryGB: one.launcher == 'http' ? one.memoryGB : 4
      vaultUri: vault.outputs.uri
      secretSettings: ['TRAINER_API_KEY']
      settings: { PORT: string(one.port), TRAINER_SLOTS: string(one.slots) }
    }
    dependsOn: [access]
  }
]

module trainerJobs 'modules/trainer-job.bicep' = [
  for one in jobTrainers: if (!empty(imageTag)) {
    name: 'train-${one.name}'
    params: {
      jobName: 'train-${one.name}'
      location: location
      environmentId: containers.outputs.environmentId
      workloadProfile: one.gpu ? 'gpu' : 'Consumption'
      identityId: identities.outputs.containersId
      appPrincipalId: identities.outputs.appPrincipalId
      registryServer: registry.outputs.server
      image: '${registry.outputs.server}/vision-trainer-${one.name}:${imageTag}'
      cpu: one.cpu
      memoryGB: one.memoryGB
      hours: trainingHours
    }
    dependsOn: [access]
  }
]

// The app has to know of each server which models it has loaded, so that each is an app of its own and not a replica.
module modelServerApps 'modules/container-app.bicep' = [
  for number in range(1, modelServers): if (!empty(imageTag)) {
    name: 'model-server-${number}'
    params: {
      appName: 'model-server-${number}'
      location: location
      environmentId: containers.outputs.environmentId
      workloadProfile: 'Consumption'
      minReplicas: 1
      identityId: identities.outputs.containersId
      registryServer: registry.outputs.server
      image: '${registry.outputs.server}/vision-model-server:${imageTag}'
      port: 7401
      healthPath: '/health'
      cpu: 2
      memoryGB: 4
      vaultUri: vault.outputs.uri
      secretSettings: ['MODEL_SERVER_API_KEY']
      settings: { PORT: '7401' }
    }
    dependsOn: [access]
  }
]

module console 'modules/console.bicep' = if (hasConsole) {
  name: 'console'
  params: { longName: longName, location: location }
}

var appName = 'func-${longName}-${suffix}'
var appUrl = empty(publicUrl) ? 'https://${appName}.azurewebsites.net' : publicUrl
// The console's address is known only to Azure before it is deployed, so that people may also name one of their own in `settings`.
var consoleUrl = hasConsole ? console!.outputs.url : appUrl

module functions 'modules/functions.bicep' = {
  name: 'functions'
  params: {
    appName: appName
    location: location
    identityId: identities.outputs.appId
    identityClientId: identities.outputs.appClientId
    storageName: storage.outputs.name
    packagesUrl: storage.outputs.packagesUrl
    insightsConnection: monitoring.outputs.insightsConnection
    vaultUri: vault.outputs.uri
    secretSettings: secretSettings
    alwaysReady: alwaysReady
    maximumInstances: maximumInstances
    instanceMemoryMB: instanceMemoryMB
    settings: union(
      {
        PUBLIC_URL: appUrl
        CONSOLE_URL: consoleUrl
        CORS_ORIGINS: consoleUrl
        EXTERNAL_STORAGE_ENDPOINT: storageEndpoint
        // As many instances share the connections of one server: docs/deploy-azure.md.
        DB_POOL_SIZE: '2'
        DB_POOL_OVERFLOW: '3'
      },
      toObject(
        trainers,
        one => 'TRAINER_${toUpper(one.name)}_URL',
        one => 'https://trainer-${one.name}.${containers.outputs.defaultDomain}'
      ),
      toObject(jobTrainers, one => 'TRAINER_${toUpper(one.name)}_LAUNCHER', one => one.launcher),
      toObject(
        jobTrainers,
        one => 'TRAINER_${toUpper(one.name)}_JOB',
        one => resourceId('Microsoft.App/jobs', 'train-${one.name}')
      ),
      toObject(jobTrainers, one => 'TRAINER_${toUpper(one.name)}_EXECUTIONS', one => string(one.slots)),
      modelServers == 0
        ? {}
        : {
            MODEL_SERVER_URLS: join(
              map(range(1, modelServers), number => 'https://model-server-${number}.${containers.outputs.defaultDomain}'),
              ','
            )
          },
      settings
    )
  }
  dependsOn: [access]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    longName: longName
    location: location
    insightsId: monitoring.outputs.insightsId
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
    queueAgeMinutes: queueAgeMinutes
    readyUrl: hasAvailabilityTest ? '${appUrl}/health/ready' : ''
  }
}

output appName string = appName
output appUrl string = appUrl
output consoleName string = hasConsole ? console!.outputs.name : ''
output consoleUrl string = consoleUrl
output vaultName string = vault.outputs.name
output registryName string = registry.outputs.name
output registryServer string = registry.outputs.server
output storageName string = storage.outputs.name
output containersEnvironment string = containers.outputs.environmentName
@description('Secrets that have to be in the vault before the app starts.')
output secretNames array = [for setting in secretSettings: replace(setting, '_', '-')]
