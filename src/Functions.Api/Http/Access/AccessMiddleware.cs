using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Api.Http.Access;

/// <summary>Applies the rate limits and runs an HTTP function only for the callers that it declares. A function that declares nothing refuses every caller.</summary>
public sealed class AccessMiddleware(FunctionDeclarations declarations, RateLimits limits, MetricsToken metricsToken) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var authentication = context.InstanceServices.GetRequiredService<Authentication>();
            var function = declarations.Of(context.FunctionDefinition);
            await limits.CountAddressAsync(http, function.RateLimit);
            switch (function.Access)
            {
                case RequiresPermissionAttribute { OrMetricsToken: true } when metricsToken.IsSentWith(http.Request):
                    break;
                case RequiresPermissionAttribute needed:
                    var user = await authentication.RequireUserAsync(http.Request, context.CancellationToken, function.Module.Name);
                    http.SetCurrentUser(user);
                    await limits.CountCallerAsync(http, user.Id, Authentication.BearerToken(http.Request) ?? "");
                    Authentication.RequirePermission(user, needed.Permission);
                    break;
                case TrainerAccessAttribute:
                    http.SetCurrentAttempt(authentication.RequireAttempt(http.Request));
                    break;
                case AllowAnonymousAccessAttribute:
                    break;
                default:
                    throw new InvalidOperationException($"The function {context.FunctionDefinition.Name} does not say who may call it.");
            }
        }
        await next(context);
    }
}
