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
/// Makes an ordinary functions app run by itself. The SDK calls this while <c>FunctionsApplication.CreateBuilder</c> runs; it does nothing
/// when a Functions host started the process.
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
            // What is thrown here the generated code only writes to the console; the host fails with it when it starts.
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
            // One after the other, a slow request would eat the time that orchestrations and timers need to stop.
            host.ServicesStopConcurrently = true;
        });
        AddCors(services);
        // MVC brings Data Protection, whose key ring would be written to the home directory at each start; nothing here uses it.
        foreach (ServiceDescriptor keys in services.Where(service => service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
            services.Remove(keys);
    }

    /// <summary>Origins of host settings (<c>Host:CORS</c>), which the official host answers before any function runs.</summary>
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

    /// <summary>One line an entry on the console; <c>LOG_FORMAT=json</c> makes it JSON with scopes and trace ids.</summary>
    private static void AddLogging(IServiceCollection services, ConfigurationManager configuration) => services.AddLogging(logging =>
    {
        // The worker's own provider collects entries for a Functions host, without bound where none takes them.
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
