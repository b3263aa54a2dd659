using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded;

/// <summary>The request pipeline. It replaces the official one, which only accepts requests from a Functions host.</summary>
internal sealed class EmbeddedPipeline(ListenAddresses addresses, FunctionCatalog functions) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        Listen(app);
        app.UseMiddleware<HostAnswers>();
        app.ApplicationServices.GetService<ConsolePages>()?.Use(app);
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
