// The console's files on a content network. They are uploaded by the workflow or by hand, not from a repository.
param longName string
param location string

resource site 'Microsoft.Web/staticSites@2023-12-01' = {
  name: 'stapp-${longName}'
  location: location
  sku: { name: 'Standard', tier: 'Standard' }
  properties: {}
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostname}'
