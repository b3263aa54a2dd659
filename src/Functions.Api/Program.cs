using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Api.Datasets;
using VisionPlatform.Api.Health;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Api.Operations;
using VisionPlatform.Api.Organizations;
using VisionPlatform.Api.Permissions;
using VisionPlatform.Api.Projects;
using VisionPlatform.Api.Telemetry;
using VisionPlatform.Api.Training;
using VisionPlatform.Application.Modules;
using VisionPlatform.Functions.Embedded;
using VisionPlatform.Infrastructure.Secrets;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Orchestrations.Training;

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

// The composition root. What a module consists of is declared in src/Application/Modules.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseHttpFoundation();

AppSettings settings;
try
{
    if (await VaultSecrets.AddToAsync(builder.Configuration, builder.Configuration, AppSettings.Declared, CancellationToken.None) is { } vault)
        builder.Services.AddVaultRefresh(vault);
    settings = AppSettings.From(builder.Configuration);
}
catch (SettingsException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}

UnservedModules.Disable(builder.Configuration, settings.Get<ServedModules>(), typeof(UnservedModules).Assembly, typeof(TrainModel).Assembly);

builder.Services.AddModules(settings);
builder.Services.AddScoped<ProjectAccess>();
builder.Services.AddSingleton<ImageUrls>();
builder.Services.AddScoped<PredictedPictures>();
builder.Services.AddSingleton<NewestProjects>();
builder.Services.AddScoped<OrganizationAccess>();
builder.Services.AddSingleton<Readiness>();
builder.Services.AddScoped<OperationStarts>();
if (settings.Get<HostingSettings>().ConsoleFolder is { } console)
    builder.Services.AddSingleton(new ConsolePages(console, StoreOrigins(settings.Get<StorageSettings>())));
builder.Services.AddTelemetry(builder.Logging, settings.Get<TelemetrySettings>());

// Entity Framework logs every failed statement as an error before the caller can say that it was expected. An unexpected failure is thrown
// and logged where it ends.
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None);

builder.Build().Run();
return 0;

// Pages upload to presigned URLs and show images from them.
static string[] StoreOrigins(StorageSettings stores) =>
    [.. new[] { stores.External, stores.Internal }.Select(bucket => bucket.Endpoint.GetLeftPart(UriPartial.Authority)).Distinct()];
