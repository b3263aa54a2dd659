using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VisionPlatform.Tests;
using Yarp.ReverseProxy.Configuration;

namespace VisionPlatform.Platform.Tests.Load;

/// <summary>A plain reverse proxy that gives requests to the instances of the app in turn and repeats none.</summary>
internal sealed class LoadProxy : IAsyncDisposable
{
    private readonly WebApplication _proxy;

    public LoadProxy(IEnumerable<Uri> instances)
    {
        Address = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address.ToString());
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "app", Match = new RouteMatch { Path = "{**path}" } }],
            [
                new ClusterConfig
                {
                    ClusterId = "app", LoadBalancingPolicy = "RoundRobin",
                    Destinations = instances.Select((address, number) => (address, number)).ToDictionary(one => $"{one.number}", one => new DestinationConfig { Address = one.address.ToString() }),
                },
            ]);
        _proxy = builder.Build();
        _proxy.MapReverseProxy();
    }

    public Uri Address { get; }

    public Task StartAsync() => _proxy.StartAsync();

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}
