using 'main.bicep'

param prefix = 'vision'
param environmentName = 'staging'
param storageEndpoint = readEnvironmentVariable('EXTERNAL_STORAGE_ENDPOINT')
// The tag of images that are in the registry: docs/deploy-azure.md.
param imageTag = readEnvironmentVariable('IMAGE_TAG', '')

param alwaysReady = 0
param maximumInstances = 4
param trainers = [
  { name: 'torchvision', port: 7301, gpu: false, cpu: 4, memoryGB: 8, slots: 1, launcher: 'container-apps-job' }
]
param modelServers = 1

param alertEmails = split(readEnvironmentVariable('ALERT_EMAILS'), ',')
param hasAvailabilityTest = true
param settings = {
  BOOTSTRAP_ADMIN_EMAIL: readEnvironmentVariable('BOOTSTRAP_ADMIN_EMAIL')
  BACKUP_BUCKET: 'vision-platform-backups-staging'
  EXTERNAL_BUCKET_DATASETS: 'vision-platform-datasets-staging'
  INTERNAL_BUCKET_CHECKPOINTS: 'vision-platform-internal-staging'
  INTERNAL_BUCKET_WEIGHTS: 'model-weights-staging'
}
param moreSecrets = ['LABELER_DATABASE_URL', 'BACKUP_ENCRYPTION_KEY', 'BOOTSTRAP_ADMIN_PASSWORD']
