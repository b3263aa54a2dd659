using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Functions.Embedded.Official;

/// <summary>
/// Gives an invocation its request. With a Functions host the two arrive separately and wait for each other; here the invocation is created for its
/// request.
/// </summary>
internal class InProcessHttpCoordinator
{
    public virtual Task<HttpContext> SetFunctionContextAsync(string invocationId, FunctionContext context) =>
        Task.FromResult(Invocation.Of(context).Http ?? throw new InvalidOperationException("A request did not start this invocation."));

    public virtual Task<FunctionContext> SetHttpContextAsync(string invocationId, HttpContext context) => throw NotHere();

    public virtual Task RunFunctionInvocationAsync(string invocationId) => throw NotHere();

    public virtual void CompleteFunctionInvocation(string invocationId)
    {
    }

    private static InvalidOperationException NotHere() => new("Requests to the embedded host do not use the official endpoints.");
}
