// Who the app and the containers are. An identity of its own, not one that Azure makes with the resource, can be given its rights before the
// resource first starts.
param longName string
param location string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${longName}-app'
  location: location
}

resource containers 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${longName}-containers'
  location: location
}

output appId string = app.id
output appClientId string = app.properties.clientId
output appPrincipalId string = app.properties.principalId
output containersId string = containers.id
output containersPrincipalId string = containers.properties.principalId
