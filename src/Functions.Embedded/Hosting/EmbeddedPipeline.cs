using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded;

/// <summary>The way of a request, in place of the official one, which only takes requests that a Functions host passes on.</summary>
internal sealed class EmbeddedPipeline(ListenAddresses addresses, FunctionCatalog functions) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        Listen(app);
        app.UseRouting();
        if (HostSettings.CorsOrigins(app.ApplicationServices.GetRequiredService<IConfiguration>()).Length > 0)
            app.UseCors();
        app.UseMiddleware<KeyCheck>();
        app.UseEndpoints(routes =>
        {
            app.ApplicationServices.GetRequiredService<HttpFunctions>().Map(routes);
            app.ApplicationServices.GetRequiredService<AdminEndpoints>().Map(routes);
            if (!functions.NeedsDurableEngine)
                return;
            HostKeys keys = app.ApplicationServices.GetRequiredService<HostKeys>();
            routes.MapDurableWebhooks(http => keys.Opens(AuthorizationLevel.System, KeyCheck.KeyOf(http.Request)));
        });
    };

    private void Listen(IApplicationBuilder app)
    {
        ICollection<string> server = app.ServerFeatures.Get<IServerAddressesFeature>()!.Addresses;
        server.Clear();
        foreach (string url in addresses.Urls)
            server.Add(url);
    }
}

/// <summary>Where the app listens.</summary>
internal sealed record ListenAddresses(IReadOnlyList<string> Urls)
{
    /// <summary>
    /// <c>--urls</c> or <c>ASPNETCORE_URLS</c>, <c>ASPNETCORE_HTTP_PORTS</c>, <c>Host:LocalHttpPort</c> of local.settings.json, else the port of Core
    /// Tools. To be read before the official set-up puts a free port of its own choice into the configuration.
    /// </summary>
    public static ListenAddresses From(IConfiguration configuration)
    {
        if ((configuration["urls"] ?? configuration["ASPNETCORE_URLS"]) is { Length: > 0 } urls)
            return new ListenAddresses(Split(urls));
        if ((configuration["http_ports"] ?? configuration["ASPNETCORE_HTTP_PORTS"]) is { Length: > 0 } ports)
            return new ListenAddresses([.. Split(ports).Select(port => $"http://*:{port}")]);
        return new ListenAddresses([configuration["Host:LocalHttpPort"] is { } local ? $"http://127.0.0.1:{local}" : HostSettings.DefaultUrl]);
    }

    private static string[] Split(string list) => list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
