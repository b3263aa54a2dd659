using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Functions.Embedded.Official;

/// <summary>
/// Brings request and invocation together. Between two processes they arrive apart and wait for each other; here the invocation is made
/// for its request and has it.
/// </summary>
internal class InProcessHttpCoordinator
{
    public virtual Task<HttpContext> SetFunctionContextAsync(string invocationId, FunctionContext context) =>
        Task.FromResult(Invocation.Of(context).Http ?? throw new InvalidOperationException("The invocation was not started by a request."));

    public virtual Task<FunctionContext> SetHttpContextAsync(string invocationId, HttpContext context) => throw NotHere();

    public virtual Task RunFunctionInvocationAsync(string invocationId) => throw NotHere();

    public virtual void CompleteFunctionInvocation(string invocationId)
    {
    }

    private static InvalidOperationException NotHere() => new("Requests of the embedded host do not pass the official endpoints.");
}
