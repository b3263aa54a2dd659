// Images of the trainers and of the model servers. They are pulled with an identity; there is no password.
param registryName string
param location string

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: registryName
  location: location
  sku: { name: 'Basic' }
  properties: { adminUserEnabled: false }
}

output name string = registry.name
output server string = registry.properties.loginServer
