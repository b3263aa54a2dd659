using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Projects;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Datasets;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Orchestrations;

// The composition root: one line a capability. What a capability needs is registered by its own AddXxx.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseHttpFoundation();

builder.Services.AddPersistence(builder.Configuration);
builder.Services.AddDatasets(builder.Configuration);
builder.Services.AddAccounts(builder.Configuration);
builder.Services.AddScoped<ProjectAccess>();
builder.Services.AddTraining(builder.Configuration);
builder.Services.AddOrchestrations();

builder.Build().Run();
