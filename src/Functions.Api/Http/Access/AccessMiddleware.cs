using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Api.Http.Access;

/// <summary>Counts requests against their limits and lets an HTTP function run only for whom it declares; a function that declares nothing runs for nobody.</summary>
public sealed class AccessMiddleware(FunctionDeclarations declarations, RateLimits limits) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var authentication = context.InstanceServices.GetRequiredService<Authentication>();
            var function = declarations.Of(context.FunctionDefinition);
            limits.CountAddress(http, function.RateLimit);
            switch (function.Access)
            {
                case RequiresPermissionAttribute needed:
                    var user = await authentication.RequireUserAsync(http.Request, context.CancellationToken, function.Module.Name);
                    http.SetCurrentUser(user);
                    limits.CountCaller(http, user.Id, Authentication.BearerToken(http.Request) ?? "");
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
