using 'main.bicep'

param prefix = 'vision'
param environmentName = 'prod'
param storageEndpoint = readEnvironmentVariable('EXTERNAL_STORAGE_ENDPOINT')
// The tag of images that are in the registry: docs/deploy-azure.md.
param imageTag = readEnvironmentVariable('IMAGE_TAG', '')

param alwaysReady = 1
param maximumInstances = 8
param trainers = [
  { name: 'torchvision', port: 7301, gpu: true, cpu: 8, memoryGB: 56, slots: 1, launcher: 'container-apps-job' }
]
param modelServers = 2

param alertEmails = split(readEnvironmentVariable('ALERT_EMAILS'), ',')
param hasAvailabilityTest = true
param settings = {
  BOOTSTRAP_ADMIN_EMAIL: readEnvironmentVariable('BOOTSTRAP_ADMIN_EMAIL')
  BACKUP_BUCKET: 'vision-platform-backups-prod'
  EXTERNAL_BUCKET_DATASETS: 'vision-platform-datasets-prod'
  INTERNAL_BUCKET_CHECKPOINTS: 'vision-platform-internal-prod'
  INTERNAL_BUCKET_WEIGHTS: 'model-weights-prod'
}
param moreSecrets = ['LABELER_DATABASE_URL', 'BACKUP_ENCRYPTION_KEY', 'BOOTSTRAP_ADMIN_PASSWORD']
