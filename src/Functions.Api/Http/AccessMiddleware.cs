using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Api.Http;

/// <summary>Lets an HTTP function run only for whom it declares; a function that declares nothing runs for nobody.</summary>
public sealed class AccessMiddleware(FunctionDeclarations declarations) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var authentication = context.InstanceServices.GetRequiredService<Authentication>();
            switch (declarations.Of(context.FunctionDefinition).Access)
            {
                case RequiresPermissionAttribute needed:
                    var user = await authentication.RequireUserAsync(http.Request, context.CancellationToken);
                    http.SetCurrentUser(user);
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
