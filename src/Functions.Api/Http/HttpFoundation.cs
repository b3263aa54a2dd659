using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VisionPlatform.Api.Audit;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Api.Http;

public static class HttpFoundation
{
    /// <summary>Adds the middleware of every HTTP function in order and registers what it needs.</summary>
    public static FunctionsApplicationBuilder UseHttpFoundation(this FunctionsApplicationBuilder builder)
    {
        builder.Services.AddApiJson();
        builder.Services.AddSingleton<FunctionDeclarations>();
        builder.Services.AddScoped<Authentication>();
        builder.Services.AddScoped<EventStreams>();
        builder.Services.AddSingleton<ForwardedFor>();
        builder.Services.AddSingleton<CrossOrigin>();
        builder.Services.AddSingleton<RateLimits>();
        builder.Services.AddSingleton<MetricsToken>();
        builder.UseMiddleware<RequestMiddleware>();
        builder.UseMiddleware<ProblemMiddleware>();
        builder.UseMiddleware<ModuleMiddleware>();
        builder.UseMiddleware<AuditMiddleware>();
        builder.UseMiddleware<AccessMiddleware>();
        builder.UseMiddleware<QueryMiddleware>();
        builder.UseMiddleware<OperationStepMiddleware>();
        return builder;
    }
}
