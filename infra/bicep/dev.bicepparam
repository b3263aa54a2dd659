using 'main.bicep'

param prefix = 'vision'
param environmentName = 'dev'
param storageEndpoint = readEnvironmentVariable('EXTERNAL_STORAGE_ENDPOINT')
// The tag of images that are in the registry: docs/deploy-azure.md.
param imageTag = readEnvironmentVariable('IMAGE_TAG', '')

param alwaysReady = 0
param maximumInstances = 2
param trainers = [
  { name: 'torchvision', port: 7301, gpu: false, cpu: 2, memoryGB: 4, slots: 1, launcher: 'http' }
]
param modelServers = 1

param alertEmails = split(readEnvironmentVariable('ALERT_EMAILS'), ',')
param hasAvailabilityTest = false
param settings = {
  BOOTSTRAP_ADMIN_EMAIL: readEnvironmentVariable('BOOTSTRAP_ADMIN_EMAIL')
  BACKUP_BUCKET: 'vision-platform-backups-dev'
  EXTERNAL_BUCKET_DATASETS: 'vision-platform-datasets-dev'
  INTERNAL_BUCKET_CHECKPOINTS: 'vision-platform-internal-dev'
  INTERNAL_BUCKET_WEIGHTS: 'model-weights-dev'
}
param moreSecrets = ['LABELER_DATABASE_URL', 'BACKUP_ENCRYPTION_KEY', 'BOOTSTRAP_ADMIN_PASSWORD']
