using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Puts the app together: configuration and services first, routes and pipeline at the end.</summary>
internal static class EmbeddedHost
{
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        WebApplicationBuilder web = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            EnvironmentName = Environment.GetEnvironmentVariable("AZURE_FUNCTIONS_ENVIRONMENT"),
        });
        HostFiles.AddTo(web.Configuration, web.Environment.ContentRootPath);
        HostSettings.From(web.Configuration);
        AddLogging(web);
        web.Services.AddMvcCore();
        return web;
    }

    public static IHost Build(
        WebApplicationBuilder web, IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware, IReadOnlyList<Type>? functionTypes)
    {
        FunctionCatalog catalog = FunctionCatalog.From(functionTypes ?? FunctionAssemblies.TypesReachableFrom(
            Assembly.GetEntryAssembly() ?? throw new InvalidOperationException("There is no entry assembly to look for functions in."))).WithoutDisabled(web.Configuration);
        var functions = FunctionSet.From(catalog);

        AddServer(web);
        IServiceCollection services = web.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(HostSettings.From(web.Configuration));
        services.AddSingleton(functions);
        services.AddSingleton(new InvocationPipeline(middleware));
        services.AddSingleton<HostDrain>();
        services.AddSingleton<HttpFunctions>();
        services.AddSingleton<AdminEndpoints>();
        if (HostDatabase.ConnectionString(web.Configuration) is { } connection)
            services.AddSingleton(_ => new HostDatabase(connection));
        services.AddSingleton<HostKeys>();
        services.AddHostedService(s => s.GetRequiredService<HostKeys>());
        services.AddSingleton<TimerFunctions>();
        services.AddHostedService(s => s.GetRequiredService<TimerFunctions>());
        if (functions.NeedsDurableEngine)
        {
            services.AddSingleton<IDurableFunctions, AppDurableFunctions>();
            services.AddSingleton<ManagementAddress>();
            services.AddDurableEngine(web.Configuration);
        }

        WebApplication app = web.Build();
        Map(app, functions);
        return app;
    }

    private static void Map(WebApplication app, FunctionSet functions)
    {
        app.UseRouting();
        if (app.Services.GetService<ICorsService>() is not null)
            app.UseCors();
        app.UseMiddleware<KeyCheck>();
        app.Services.GetRequiredService<HttpFunctions>().Map(app);
        app.Services.GetRequiredService<AdminEndpoints>().Map(app);
        if (functions.NeedsDurableEngine)
        {
            HostKeys keys = app.Services.GetRequiredService<HostKeys>();
            app.MapDurableWebhooks(http => keys.Opens(AuthorizationLevel.System, KeyCheck.KeyOf(http.Request)));
        }

        // Subscribed before the stop can begin.
        app.Services.GetRequiredService<HostDrain>();

        ILogger log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(HostLog.Host);
        foreach (FunctionInvoker retried in functions.All.Where(f => f.Function.Method.IsDefined(typeof(RetryAttribute))))
            log.LogWarning("{Function} has a retry attribute; this host runs a function once", retried.Function.Name);
        app.Lifetime.ApplicationStarted.Register(() => log.LogInformation(
            "Serving {Count} functions ({Kinds}) at {Addresses}",
            functions.All.Count,
            string.Join(", ", functions.All.CountBy(f => f.Function.Kind).OrderBy(k => k.Key).Select(k => $"{k.Value} {k.Key}")),
            string.Join(", ", app.Urls)));
        app.Lifetime.ApplicationStopping.Register(() => log.LogInformation("Stopping; requests under way may finish"));
    }

    private static void AddServer(WebApplicationBuilder web)
    {
        if (string.IsNullOrEmpty(web.Configuration["urls"]) && string.IsNullOrEmpty(web.Configuration["http_ports"])
            && string.IsNullOrEmpty(web.Configuration["https_ports"]))
        {
            string? port = web.Configuration["Host:LocalHttpPort"];
            web.WebHost.UseUrls(port is null ? HostSettings.DefaultUrl : $"http://127.0.0.1:{port}");
        }

        long bodyLimit = web.Configuration.GetValue("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 104_857_600L);
        web.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = bodyLimit;
        });
        web.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = HostDrain.ShutdownTimeout;
            // One after the other, a slow request would eat the time that orchestrations and timers need to stop.
            host.ServicesStopConcurrently = true;
        });
        AddCors(web);
    }

    /// <summary>Origins of host settings (<c>Host:CORS</c>), which the official host answers before any function runs.</summary>
    private static void AddCors(WebApplicationBuilder web)
    {
        string[] origins = (web.Configuration["Host:CORS"] ?? string.Empty)
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (origins.Length == 0)
            return;
        web.Services.AddCors(cors => cors.AddDefaultPolicy(policy =>
        {
            policy.AllowAnyHeader().AllowAnyMethod().SetPreflightMaxAge(TimeSpan.FromMinutes(10))
                .WithExposedHeaders("Location", "ETag", "Retry-After", "Content-Disposition", "traceparent");
            if (origins.Contains("*"))
                policy.AllowAnyOrigin();
            else
                policy.WithOrigins([.. origins.Select(o => o.TrimEnd('/'))]).AllowCredentials();
        }));
    }

    /// <summary>One line an entry on the console; <c>LOG_FORMAT=json</c> makes it JSON with scopes and trace ids.</summary>
    private static void AddLogging(WebApplicationBuilder web)
    {
        web.Logging.ClearProviders();
        web.Logging.Configure(factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        if (string.Equals(web.Configuration["LOG_FORMAT"], "json", StringComparison.OrdinalIgnoreCase))
        {
            web.Logging.AddJsonConsole(json =>
            {
                json.IncludeScopes = true;
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            web.Logging.AddSimpleConsole(line =>
            {
                line.SingleLine = true;
                line.UseUtcTimestamp = true;
                line.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                line.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
    }
}
