using Microsoft.Azure.Functions.Worker.Middleware;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>The app's middleware in the order it was added, around the function itself; one pipeline serves every function.</summary>
internal sealed class InvocationPipeline
{
    private readonly FunctionExecutionDelegate _run;

    public InvocationPipeline(IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware)
    {
        FunctionExecutionDelegate run = ExecuteAsync;
        for (int i = middleware.Count - 1; i >= 0; i--)
            run = middleware[i](run);
        _run = run;
    }

    /// <summary>Runs middleware and function on the calling thread up to the first incomplete await; an exception comes out unchanged.</summary>
    public Task RunAsync(Invocation invocation) => _run(invocation);

    private static async Task ExecuteAsync(FunctionContext context)
    {
        Invocation invocation = Invocation.Of(context);
        invocation.Result.Value = await invocation.Invoker.Invoke(invocation);
    }
}
