using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Functions.Embedded;

/// <summary>The part of the official host's admin interface that operators use. All of it needs the master key, except the ping of load balancers.</summary>
internal sealed class AdminEndpoints(FunctionCatalog functions, HttpFunctions http, TimerFunctions timers, HostKeys keys, HostSettings settings)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder admin = routes.MapGroup("/admin");
        admin.WithMetadata(new RequiredKey(AuthorizationLevel.Admin));
        admin.MapGet("/functions", (HttpContext context) => Results.Json(functions.All
            .OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase).Select(function => Describe(function, context.Request))));
        admin.MapGet("/functions/{name}", (string name, HttpContext context)
            => functions.Find(name) is { } found ? Results.Json(Describe(found, context.Request)) : Results.NotFound());
        admin.MapPost("/functions/{name}", Fire);
        admin.MapMethods("/host/ping", [HttpMethods.Get, HttpMethods.Post, HttpMethods.Head], () => Results.Ok()).WithMetadata(new RequiredKey(AuthorizationLevel.Anonymous));
        admin.MapGet("/host/status", Status);
        admin.MapGet("/host/keys", () => Results.Json(new { keys = new[] { new { name = "default", value = keys.Function } } }));
        admin.MapGet("/host/systemkeys/durabletask_extension", () => Results.Json(new { name = "durabletask_extension", value = keys.DurableTask }));
    }

    /// <summary>Runs a timer function now and answers 202 at once. The schedule does not change.</summary>
    private IResult Fire(string name)
    {
        if (functions.Find(name) is not { } found)
            return Results.NotFound();
        if (found.Kind != TriggerKind.Timer)
            return Results.Problem(statusCode: StatusCodes.Status400BadRequest, detail: $"'{found.Name}' is not a timer function.");
        timers.FireNow(found.Name);
        return Results.StatusCode(StatusCodes.Status202Accepted);
    }

    private IResult Status()
    {
        using Process process = Process.GetCurrentProcess();
        Assembly app = Assembly.GetEntryAssembly() ?? Assembly.GetExecutingAssembly();
        return Results.Json(new
        {
            id = settings.HubName,
            state = "Running",
            version = app.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? app.GetName().Version?.ToString(),
            processUptime = (long)(DateTime.UtcNow - process.StartTime.ToUniversalTime()).TotalMilliseconds,
            functions = functions.All.Count,
        });
    }

    private object Describe(LoadedFunction function, HttpRequest request)
    {
        string root = $"{request.Scheme}://{request.Host}";
        RawBinding trigger = function.Trigger;
        return new
        {
            name = function.Name,
            href = $"{root}/admin/functions/{function.Name}",
            invoke_url_template = function.Kind == TriggerKind.Http ? $"{root}/{http.RouteOf(function)}" : null,
            language = "dotnet-isolated",
            isDisabled = false,
            config = new
            {
                entryPoint = function.Definition.EntryPoint,
                bindings = function.Definition.InputBindings.Values.Select(binding => new
                {
                    name = binding.Name,
                    type = binding.Type,
                    direction = "In",
                    schedule = binding.Name == trigger.Name ? trigger.Schedule : null,
                    methods = binding.Name == trigger.Name ? trigger.Methods : null,
                    authLevel = function.Kind == TriggerKind.Http && binding.Name == trigger.Name ? trigger.AuthLevel.ToString() : null,
                }),
            },
        };
    }
}
