using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Api.Health;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Api.Organizations;
using VisionPlatform.Api.Permissions;
using VisionPlatform.Api.Projects;
using VisionPlatform.Api.Training;
using VisionPlatform.Application;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Invitations;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Training;
using VisionPlatform.Infrastructure.Mail;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Secrets;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Orchestrations;

// `./platform openapi`, `permissions` and `errors` write what the code says; that needs neither settings nor servers.
if (args is ["openapi" or "permissions", var file])
{
    await File.WriteAllTextAsync(file, args[0] == "openapi" ? OpenApiFunctions.DocumentText() : PermissionMatrix.Markdown());
    return 0;
}
if (args is ["errors", var python, var schema])
{
    await File.WriteAllTextAsync(python, TrainerErrorFiles.Python());
    await File.WriteAllTextAsync(schema, TrainerErrorFiles.Schema(await File.ReadAllTextAsync(schema)));
    return 0;
}

// The composition root: one line a capability. What a capability needs is registered by its own AddXxx.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseHttpFoundation();

PlatformSettings settings;
try
{
    if (await VaultSecrets.AddToAsync(builder.Configuration, builder.Configuration, PlatformSettings.Declared, CancellationToken.None) is { } vault)
        builder.Services.AddVaultRefresh(vault);
    settings = PlatformSettings.From(builder.Configuration);
}
catch (SettingsException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}

Modules.Disable(builder.Configuration, settings.Modules, typeof(Modules).Assembly, typeof(OrchestrationServices).Assembly);

builder.Services.AddSingleton(settings.Modules);
builder.Services.AddSingleton(settings.Vault);
builder.Services.AddSingleton(settings.Hosting);
builder.Services.AddSingleton(settings.Traffic);
builder.Services.AddPersistence(settings.Databases);
builder.Services.AddDatasets(settings.Datasets, settings.Storage);
builder.Services.AddAudit(settings.Audit);
builder.Services.AddMail(settings.Mail);
builder.Services.AddAccounts(settings.Accounts);
builder.Services.AddTraining(settings.Trainers);
builder.Services.AddOrganizations();
builder.Services.AddInvitations();
builder.Services.AddScoped<ProjectAccess>();
builder.Services.AddSingleton<NewestProjects>();
builder.Services.AddScoped<OrganizationAccess>();
builder.Services.AddOrchestrations();
builder.Services.AddSingleton<Readiness>();

// Entity Framework logs every failed statement as an error before anybody can say that it was expected; what is not expected is thrown and logged where it ends.
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None);

builder.Build().Run();
return 0;
