using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Smoke;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Projects;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>Readers of events when something holds responses back until they end, and when nothing does.</summary>
public sealed class HeldBackStreamTests(PlatformHost host) : PlatformTests(host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_behind_a_proxy_that_holds_responses_back_polls_and_gets_every_event_once()
    {
        await using var proxy = new HoldingProxy(Host.App.Address);
        await proxy.StartAsync();
        using var owner = await Host.NewUserAsync();
        var job = await NewJobAsync(owner);
        var announced = new List<string>();
        var events = Read(owner, proxy.Address, job, TimeSpan.FromSeconds(1), announced.Add);

        await Waiting.UntilAsync(() => proxy.Requests.Any(request => request.Contains("wait=20", StringComparison.Ordinal)), "the reader polls");
        (await owner.PostAsync($"training/jobs/{job}/cancel")).Expect(202);
        var read = await events;

        Assert.StartsWith("Something between here and the platform holds responses back", Assert.Single(announced), StringComparison.Ordinal);
        Assert.Equal(await Read(owner, Host.App.Address, job, TimeSpan.FromMinutes(1), _ => { }), read);
        Assert.Equal("end", read[^1].Type);
        Assert.Contains(read, item => item.Data.Contains("cancelled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reader_that_nothing_holds_back_does_not_poll()
    {
        using var owner = await Host.NewUserAsync();
        var job = await NewJobAsync(owner);
        var announced = new List<string>();
        var events = Read(owner, Host.App.Address, job, TimeSpan.FromMinutes(1), announced.Add);

        (await owner.PostAsync($"training/jobs/{job}/cancel")).Expect(202);

        Assert.Equal("end", (await events)[^1].Type);
        Assert.Empty(announced);
    }

    [Fact]
    public async Task The_smoke_test_finds_out_whether_responses_are_held_back()
    {
        await using var proxy = new HoldingProxy(Host.App.Address);
        await proxy.StartAsync();
        using var through = new HttpClient { BaseAddress = proxy.Address };
        using var direct = new HttpClient { BaseAddress = Host.App.Address };

        Assert.True(await StreamProbe.IsHeldBackAsync(through, TimeProvider.System, Cancellation));
        Assert.False(await StreamProbe.IsHeldBackAsync(direct, TimeProvider.System, Cancellation));
    }

    [Fact]
    public async Task A_poll_waits_for_the_next_event_and_says_when_nothing_comes_after_it()
    {
        using var owner = await Host.NewUserAsync();
        var job = await NewJobAsync(owner);
        Assert.False((await PollAsync(owner, $"training/jobs/{job}/events")).Expect(200).Body.GetProperty("ended").GetBoolean());
        (await PollAsync(owner, $"training/jobs/{job}/events?wait=26")).Expect(400);

        var waiting = PollAsync(owner, $"training/jobs/{job}/events?wait=25");
        (await owner.PostAsync($"training/jobs/{job}/cancel")).Expect(202);

        var page = (await waiting).Expect(200);
        Assert.Contains("cancelled", page.Items[^1].GetRawText(), StringComparison.Ordinal);
        Assert.True((await PollAsync(owner, $"training/jobs/{job}/events?wait=25&after={page.Text("nextCursor")}")).Expect(200).Body.GetProperty("ended").GetBoolean());
    }

    [Fact]
    public async Task A_poll_that_waits_is_refused_when_its_reader_loses_access()
    {
        using var owner = await Host.NewUserAsync();
        using var reader = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, reader.UserId, ProjectRole.Member);
        var job = (await PendingJobs.AddAsync(Host.App.Databases, project, owner.UserId, 1))[0];

        var waiting = PollAsync(reader, $"training/jobs/{job}/events?wait=25");
        (await owner.DeleteAsync($"projects/{project}/members/{reader.UserId}")).Expect(204);

        (await waiting).Expect(404, "NOT_FOUND");
    }

    private static Task<ApiAnswer> PollAsync(ApiClient client, string path) => client.SendAsync(HttpMethod.Get, path, null, ("Accept", "application/json"));

    private async Task<Guid> NewJobAsync(ApiClient owner) => (await PendingJobs.AddAsync(Host.App.Databases, await owner.NewProjectAsync(), owner.UserId, 1))[0];

    private static async Task<List<(string? Id, string Type, string Data)>> Read(ApiClient owner, Uri address, Guid job, TimeSpan firstSign, Action<string> announce)
    {
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", owner.AccessToken);
        var platform = new PlatformHttp(http, new Patience(TimeSpan.FromMinutes(1), announce, TimeProvider.System));
        var events = new List<(string?, string, string)>();
        await foreach (var item in new EventStream(platform, $"api/v1/training/jobs/{job}/events", TimeSpan.FromMinutes(1), TimeProvider.System, firstSign).ReadAsync(Cancellation))
            if (item.EventType != EventStream.Polled)
                events.Add((item.EventId, item.EventType, item.EventType == "end" ? "" : JsonNode.Parse(item.Data)!.ToJsonString()));
        return events;
    }
}
