using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Azure.Core;
using Azure.Identity;

namespace VisionPlatform.Cli.Storage;

/// <summary>
/// Asks each service of a storage account for a list of one item, signed as "Authorize with Shared Key" of the Azure Storage REST
/// reference says. That shows address, account, key and rights; nothing is written.
/// </summary>
/// <param name="http">Sends the requests.</param>
/// <param name="identity">Identity of the host, used if there is no key.</param>
internal sealed class HostStorageCheck(HttpClient http, TokenCredential identity, TimeProvider time)
{
    private const string ApiVersion = "2021-12-02";
    private static readonly string[] Scope = ["https://storage.azure.com/.default"];

    /// <summary>What is wrong, with one line for services that have the same problem; empty if the host can work with the account.</summary>
    public async Task<IReadOnlyList<string>> FindProblemsAsync(HostStorage storage, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(storage.Services.Select(async service => (service.Name, Problem: await AskAsync(storage, service.Name, service.Url, cancellation))));
        return
        [
            .. answers.Where(answer => answer.Problem is not null).GroupBy(answer => answer.Problem, answer => answer.Name)
                .Select(same => $"storage account '{storage.Account}': the {Join([.. same])} service {same.Key}"),
        ];
    }

    /// <summary>The names of up to <paramref name="count"/> containers, queues or tables, as the service lists them.</summary>
    public async Task<HttpResponseMessage> ListAsync(HostStorage storage, string service, Uri url, int count, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(service, url, storage.Signature, count));
        request.Headers.Add("x-ms-date", time.GetUtcNow().ToString("R", CultureInfo.InvariantCulture));
        request.Headers.Add("x-ms-version", ApiVersion);
        if (service == "table")
            request.Headers.Accept.ParseAdd("application/json;odata=nometadata");
        if (storage.Key is { } key)
            request.Headers.Authorization = SharedKey(request, storage.Account, service, count, key);
        else if (storage.Signature is null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await identity.GetTokenAsync(new TokenRequestContext(Scope), cancellation)).Token);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private async Task<string?> AskAsync(HostStorage storage, string service, Uri url, CancellationToken cancellation)
    {
        try
        {
            using var response = await ListAsync(storage, service, url, count: 1, cancellation);
            return (response.StatusCode, storage.Key) switch
            {
                (HttpStatusCode.OK, _) => null,
                (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, null) =>
                    "refuses this identity: it needs the roles Storage Blob Data Owner, Storage Queue Data Contributor and Storage Table Data Contributor",
                (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) => "refuses the key: is AccountKey the one of this account?",
                _ => $"answers {(int)response.StatusCode} at {url.GetLeftPart(UriPartial.Authority)}: is it the {service} service of this account?",
            };
        }
        catch (AuthenticationFailedException)
        {
            return "is asked for by an identity that this machine does not have: set AccountKey in AzureWebJobsStorage, or sign in (az login)";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return $"does not answer at {url.GetLeftPart(UriPartial.Authority)}{(e.GetBaseException() is SocketException refused ? $" ({refused.SocketErrorCode})" : "")}";
        }
    }

    private static string Join(IReadOnlyList<string> names) => names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    private static Uri Address(string service, Uri url, string? signature, int count)
    {
        var query = service == "table" ? $"Tables?$top={count}" : $"?comp=list&maxresults={count}";
        return new Uri(url.ToString().TrimEnd('/') + "/" + query + (signature is null ? "" : "&" + signature));
    }

    /// <summary>Tables sign only the date and the resource. Blobs and queues sign all headers; a GET has only those that begin with x-ms-.</summary>
    private static AuthenticationHeaderValue SharedKey(HttpRequestMessage request, string account, string service, int count, byte[] key)
    {
        var resource = $"/{account}{request.RequestUri!.AbsolutePath}";
        var date = request.Headers.GetValues("x-ms-date").Single();
        var text = service == "table"
            ? $"GET\n\n\n{date}\n{resource}"
            : $"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{ApiVersion}\n{resource}\ncomp:list\nmaxresults:{count}";
        return new AuthenticationHeaderValue("SharedKey", $"{account}:{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)))}");
    }
}
