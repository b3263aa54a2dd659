using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Bench.Api;

/// <summary>A functions app without middleware. It shows the cost of the embedded host and the official pipeline.</summary>
internal static class EmptyApp
{
    public static async Task RunAsync(CancellationToken cancellation)
    {
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder([]);
        builder.ConfigureFunctionsWebApplication();
        builder.Logging.ClearProviders();
        await builder.Build().RunAsync(cancellation);
    }
}

public static class NothingFunctions
{
    [Function("Nothing")]
    public static IResult Nothing([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "nothing")] HttpRequest request) => Results.Ok(new { nothing = true });
}
