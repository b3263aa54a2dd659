using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.Storage;

/// <summary>The storage account of the Functions host as the settings describe it: three services and how to sign in.</summary>
/// <param name="Account">Its name.</param>
/// <param name="Key">Shared key; null when the host signs in by managed identity or with a shared access signature.</param>
/// <param name="Signature">Shared access signature, as a query without the question mark.</param>
internal sealed record HostStorage(string Account, byte[]? Key, string? Signature, Uri Blobs, Uri Queues, Uri Tables)
{
    // Azurite's account and key are published by Microsoft.
    private const string DevelopmentAccount = "devstoreaccount1";
    private const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public IEnumerable<(string Name, Uri Url)> Services => [("blob", Blobs), ("queue", Queues), ("table", Tables)];

    /// <summary>Reads AzureWebJobsStorage, or AzureWebJobsStorage__accountName or the three service URIs.</summary>
    /// <exception cref="CommandException">Nothing is set, or only half of what is needed; the key is never in the message.</exception>
    public static HostStorage From(FunctionsHostSettings settings)
    {
        if (settings.ConnectionString is { } connection)
            return Parse(connection);
        var urls = new[] { ("blob", settings.BlobUrl), ("queue", settings.QueueUrl), ("table", settings.TableUrl) };
        if (urls.All(url => url.Item2 is null))
            return settings.AccountName is { } name
                ? new HostStorage(name, null, null, InAzure(name, "blob"), InAzure(name, "queue"), InAzure(name, "table"))
                : throw Wrong("AzureWebJobsStorage is not set: the Functions host keeps its task hub in a storage account (locally: UseDevelopmentStorage=true)");
        var missing = urls.Where(url => url.Item2 is null).Select(url => $"AzureWebJobsStorage__{url.Item1}ServiceUri").ToList();
        if (missing.Count > 0)
            throw Wrong($"the storage account is half configured: {string.Join(" and ", missing)} {(missing.Count == 1 ? "is" : "are")} not set");
        return new HostStorage(AccountOf(settings.BlobUrl!), null, null, settings.BlobUrl!, settings.QueueUrl!, settings.TableUrl!);
    }

    /// <summary>A connection string of Azure Storage.</summary>
    /// <exception cref="CommandException">It lacks something; the message says what.</exception>
    public static HostStorage Parse(string connection)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in connection.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (pair.IndexOf('=', StringComparison.Ordinal) is not (> 0 and var at))
                throw Wrong("AzureWebJobsStorage is no connection string: DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net");
            parts[pair[..at]] = pair[(at + 1)..];
        }
        if (parts.TryGetValue("UseDevelopmentStorage", out var development) && development.Equals("true", StringComparison.OrdinalIgnoreCase))
            return new HostStorage(DevelopmentAccount, Convert.FromBase64String(DevelopmentKey), null, Local(10000), Local(10001), Local(10002));

        var signature = parts.GetValueOrDefault("SharedAccessSignature")?.TrimStart('?');
        var account = parts.GetValueOrDefault("AccountName");
        if (account is null && signature is null)
            throw Wrong("AzureWebJobsStorage is half configured: it has no AccountName");
        if (signature is null && !parts.ContainsKey("AccountKey"))
            throw Wrong("AzureWebJobsStorage is half configured: it has no AccountKey");
        return new HostStorage(
            account ?? "", signature is null ? KeyOf(parts["AccountKey"]) : null, signature,
            Endpoint(parts, account, "Blob"), Endpoint(parts, account, "Queue"), Endpoint(parts, account, "Table"));
    }

    private static byte[] KeyOf(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw Wrong("AzureWebJobsStorage has an AccountKey that is not base64: copy it anew");
        }
    }

    private static Uri Endpoint(Dictionary<string, string> parts, string? account, string service)
    {
        var text = parts.GetValueOrDefault(service + "Endpoint");
        if (text is null && account is null)
            throw Wrong($"AzureWebJobsStorage is half configured: it has no {service}Endpoint");
        text ??= $"{parts.GetValueOrDefault("DefaultEndpointsProtocol", "https")}://{account}.{service.ToLowerInvariant()}.{parts.GetValueOrDefault("EndpointSuffix", "core.windows.net")}";
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : throw Wrong($"AzureWebJobsStorage has a {service}Endpoint that is no URL: {text}");
    }

    private static Uri InAzure(string account, string service) => new($"https://{account}.{service}.core.windows.net");

    private static Uri Local(int port) => new($"http://127.0.0.1:{port}/{DevelopmentAccount}");

    // In Azure the account is the first label of the host; with an address in place of a name, the first segment of the path.
    private static string AccountOf(Uri blobs) => blobs.HostNameType == UriHostNameType.Dns && blobs.AbsolutePath.Trim('/').Length == 0
        ? blobs.Host.Split('.')[0]
        : blobs.AbsolutePath.Trim('/').Split('/')[0];

    private static CommandException Wrong(string message) => CommandException.Usage(message);
}
