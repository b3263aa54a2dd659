using System.Text.Json;
using System.Xml.Linq;
using VisionPlatform.Cli.Storage;
using VisionPlatform.Functions.Host.Tests.Hosts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Storage;

/// <summary>The task hub is where host.json says, under the names that the Durable extension gives its parts.</summary>
[Collection(nameof(FunctionsLab))]
public sealed class TaskHubTests(FunctionsLab lab)
{
    [Fact]
    public async Task Queues_tables_and_containers_of_the_hub_are_in_the_storage_account()
    {
        lab.OrSkip();
        var durable = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "host.json"))).RootElement.GetProperty("extensions").GetProperty("durableTask");
        var hub = durable.GetProperty("hubName").GetString()!;
        var partitions = durable.GetProperty("storageProvider").GetProperty("partitionCount").GetInt32();

        var (containers, queues, tables) = (await ListAsync("blob", lab.Storage.Blobs), await ListAsync("queue", lab.Storage.Queues), await ListAsync("table", lab.Storage.Tables));

        Assert.Superset(new HashSet<string>([$"{hub}-workitems", .. Enumerable.Range(0, partitions).Select(i => $"{hub}-control-{i:00}")]), queues);
        Assert.Superset(new HashSet<string>([$"{hub}History", $"{hub}Instances"]), tables);
        Assert.Contains(containers, name => name.StartsWith($"{hub}-", StringComparison.Ordinal));
    }

    private async Task<HashSet<string>> ListAsync(string service, Uri url)
    {
        using var http = new HttpClient();
        var check = new HostStorageCheck(http, new Azure.Identity.DefaultAzureCredential(), TimeProvider.System);
        using var answer = await check.ListAsync(HostStorage.Parse(lab.Storage.ConnectionString), service, url, 1000, TestContext.Current.CancellationToken);
        var text = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        return service == "table"
            ? [.. JsonDocument.Parse(text).RootElement.GetProperty("value").EnumerateArray().Select(table => table.GetProperty("TableName").GetString()!)]
            : [.. XDocument.Parse(text).Descendants("Name").Select(name => name.Value)];
    }
}
