using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using VisionPlatform.Functions.Embedded.Durable;
using VisionPlatform.Functions.Embedded.Official;

[assembly: WorkerExtensionStartup(typeof(VisionPlatform.Functions.Embedded.EmbeddedHostStartup))]

namespace VisionPlatform.Functions.Embedded;

/// <summary>
/// Lets an ordinary functions app run without a Functions host. The SDK calls this during <c>FunctionsApplication.CreateBuilder</c>. When a Functions
/// host started the process, it does nothing.
/// </summary>
public sealed class EmbeddedHostStartup : WorkerExtensionStartup
{
    /// <inheritdoc/>
    public override void Configure(IFunctionsWorkerApplicationBuilder applicationBuilder)
    {
        if (FunctionsHost.StartedThisProcess)
            return;
        IServiceCollection services = applicationBuilder.Services;
        services.AddHostedService<EmbeddedHost>();
        try
        {
            Add(applicationBuilder, services);
        }
        catch (Exception error)
        {
            // The generated code only writes an exception to the console. With this the host fails when it starts.
            services.AddSingleton(new StartupFailure(error));
        }
    }

    private static void Add(IFunctionsWorkerApplicationBuilder builder, IServiceCollection services)
    {
        WorkerInternals.Instance.TakeThePlaceOfTheFunctionsHost(builder);
        var context = (HostBuilderContext)services.Last(service => service.ServiceType == typeof(HostBuilderContext)).ImplementationInstance!;
        var configuration = (ConfigurationManager)context.Configuration;
        HostFiles.AddTo(configuration, configuration[HostDefaults.ContentRootKey] ?? context.HostingEnvironment.ContentRootPath);
        AddLogging(services, configuration);
        AddServer(services, configuration);

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => HostSettings.From(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton(provider => FunctionCatalog.Load(
            provider.GetRequiredService<IFunctionMetadataManager>(), provider.GetRequiredService<IConfiguration>(), provider));
        services.AddSingleton<HostDrain>();
        services.AddSingleton<HttpFunctions>();
        services.AddSingleton<AdminEndpoints>();
        services.AddSingleton<HostDatabase>();
        services.AddSingleton<HostKeys>();
        services.AddSingleton<TimerFunctions>();
        services.AddSingleton<ClassTasks>();
        services.AddSingleton<IDurableFunctions, AppDurableFunctions>();
        services.AddSingleton<ManagementAddress>();
        services.AddDurableEngine();
    }

    private static void AddServer(IServiceCollection services, ConfigurationManager configuration)
    {
        services.AddSingleton(ListenAddresses.From(configuration));
        services.AddSingleton<IStartupFilter, EmbeddedPipeline>();
        services.AddOptions<KestrelServerOptions>().Configure<IConfiguration>((kestrel, settings) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.GetValue("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 104_857_600L);
        });
        services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = HostDrain.ShutdownTimeout;
            // Otherwise a slow request would use up the time that orchestrations and timers need to stop.
            host.ServicesStopConcurrently = true;
        });
        AddCors(services);
        services.AddResponseCompression(compression => compression.EnableForHttps = true);
        // MVC adds Data Protection, which writes a key ring to the home directory at each start. Nothing here uses it.
        foreach (ServiceDescriptor keys in services.Where(service => service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
            services.Remove(keys);
    }

    /// <summary>Cross-origin rules from the host setting <c>Host:CORS</c>, as the official host applies them before functions run.</summary>
    private static void AddCors(IServiceCollection services)
    {
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IConfiguration>((cors, settings) => cors.AddDefaultPolicy(policy =>
        {
            string[] origins = HostSettings.CorsOrigins(settings);
            policy.AllowAnyHeader().AllowAnyMethod().SetPreflightMaxAge(TimeSpan.FromMinutes(10))
                .WithExposedHeaders("Location", "ETag", "Retry-After", "Content-Disposition", "traceparent");
            if (origins.Contains("*"))
                policy.AllowAnyOrigin();
            else
                policy.WithOrigins(origins).AllowCredentials();
        }));
    }

    /// <summary>Writes one line for each log entry; <c>LOG_FORMAT=json</c> writes JSON with scopes and trace ids.</summary>
    private static void AddLogging(IServiceCollection services, ConfigurationManager configuration) => services.AddLogging(logging =>
    {
        // The worker's own provider queues entries for a Functions host, without a limit when no host reads them.
        logging.Services.Configure<LoggerFilterOptions>(filter => filter.Rules.Add(
            new LoggerFilterRule("Microsoft.Azure.Functions.Worker.Logging.WorkerLoggerProvider", null, LogLevel.None, null)));
        logging.ClearProviders();
        logging.Configure(factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        if (string.Equals(configuration["LOG_FORMAT"], "json", StringComparison.OrdinalIgnoreCase))
        {
            logging.AddJsonConsole(json =>
            {
                json.IncludeScopes = true;
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(line =>
            {
                line.SingleLine = true;
                line.UseUtcTimestamp = true;
                line.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                line.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
    });
}

/// <summary>Why the app cannot start.</summary>
internal sealed record StartupFailure(Exception Error);
