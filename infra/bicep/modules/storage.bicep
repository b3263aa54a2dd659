// What the Functions host keeps: task hub, locks, keys, and the published app. No keys, no public blobs.
param accountName string
param location string

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: accountName
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    // A deployment that went wrong can be taken back: docs/deploy-azure.md.
    properties: { deleteRetentionPolicy: { enabled: true, days: 14 } }

    resource packages 'containers' = {
      name: 'packages'
    }
  }
}

output name string = account.name
output packagesUrl string = '${account.properties.primaryEndpoints.blob}${account::blobs::packages.name}'
