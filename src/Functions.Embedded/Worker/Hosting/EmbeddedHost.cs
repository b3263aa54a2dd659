using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Puts the app together: configuration and services first, routes and pipeline at the end.</summary>
internal static class EmbeddedHost
{
    public static WebApplicationBuilder CreateBuilder(string[] args) => WebApplication.CreateBuilder(args);

    public static IHost Build(
        WebApplicationBuilder web, IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware, IReadOnlyList<Type>? functionTypes)
        => web.Build();
}
