// What people are told about by mail. The queries ask for what the app writes; a test holds the texts to those in the code.
param longName string
param location string
param insightsId string
param workspaceId string
param emails string[]
param queueAgeMinutes int
@description('Empty: no availability test.')
param readyUrl string

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${longName}'
  location: 'global'
  properties: {
    enabled: true
    groupShortName: 'platform'
    emailReceivers: [
      for (email, index) in emails: { name: 'mail-${index}', emailAddress: email, useCommonAlertSchema: true }
    ]
  }
}

// Timers and activities are requests too, without an address. A stream of events is meant to be long.
var requests = 'AppRequests | where isnotempty(Url)'
var rules = [
  {
    name: 'errors'
    text: 'More than 5 % of the requests of 15 minutes failed with a status of 500 or above.'
    severity: 1
    query: '${requests} | summarize total = count(), failed = countif(toint(ResultCode) >= 500) | where total >= 20 and failed * 20 > total'
    window: 'PT15M'
    every: 'PT5M'
  }
  {
    name: 'slow'
    text: 'The slowest 5 % of the requests of 15 minutes took longer than 500 ms.'
    severity: 2
    query: '${requests} | where OperationName != "GetTrainingEvents" | summarize total = count(), p95 = percentile(DurationMs, 95) | where total >= 20 and p95 > 500'
    window: 'PT15M'
    every: 'PT5M'
  }
  {
    name: 'backups'
    text: 'A backup or a trial restore failed, or the newest backup of a database is too old.'
    severity: 1
    query: 'AppTraces | where SeverityLevel >= 3 | where Message matches regex "^The (backup|drill) of .+ failed: " or Message startswith "The backups of "'
    window: 'PT1H'
    every: 'PT15M'
  }
  {
    name: 'queue'
    text: 'A training job has waited in the queue for ${queueAgeMinutes} minutes or longer.'
    severity: 2
    query: 'AppTraces | parse Message with "The oldest of " jobs:int " queued jobs has waited " waited:real " minutes" * | where waited >= ${queueAgeMinutes}'
    window: 'PT15M'
    every: 'PT5M'
  }
]

resource queries 'Microsoft.Insights/scheduledQueryRules@2023-03-15-preview' = [
  for rule in rules: {
    name: 'alert-${longName}-${rule.name}'
    location: location
    kind: 'LogAlert'
    properties: {
      displayName: '${longName}: ${rule.name}'
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [group.id] }
    }
  }
]

resource availability 'Microsoft.Insights/webtests@2022-06-15' = if (!empty(readyUrl)) {
  name: 'ready-${longName}'
  location: location
  kind: 'standard'
  tags: { 'hidden-link:${insightsId}': 'Resource' }
  properties: {
    Name: 'ready'
    SyntheticMonitorId: 'ready-${longName}'
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 30
    RetryEnabled: true
    Locations: [{ Id: 'emea-nl-ams-azr' }, { Id: 'us-va-ash-azr' }, { Id: 'apac-sg-sin-azr' }]
    Request: { HttpVerb: 'GET', RequestUrl: readyUrl, ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

resource unavailable 'Microsoft.Insights/metricAlerts@2018-03-01' = if (!empty(readyUrl)) {
  name: 'alert-${longName}-unavailable'
  location: 'global'
  properties: {
    description: '/health/ready does not answer 200 from two of three places.'
    severity: 1
    enabled: true
    scopes: [availability.id, insightsId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: availability.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [{ actionGroupId: group.id }]
  }
}
