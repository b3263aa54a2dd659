using System.Net;
using System.Text.Json.Nodes;
using Amazon.S3;
using Amazon.S3.Model;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>One thing that a bucket can be told to refuse.</summary>
/// <param name="What">For people: <c>public ACLs</c>.</param>
/// <param name="Refusal">The store's error code when it does not know it; null when it is set.</param>
public sealed record BucketProtection(string What, string? Refusal);

/// <summary>Sets what the bucket refuses, for <c>storage init</c>. A signature covers only the headers it names; these rules cover the others.</summary>
public sealed partial class ObjectStore
{
    private static readonly string[] GrantHeaders =
        ["x-amz-acl", "x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp"];

    /// <summary>Has the bucket refuse ACLs everywhere, and copies to the keys that URLs may write. Stores differ in what they know, so each is tried.</summary>
    /// <param name="urlPrefixes">What the keys that URLs may write begin with. The app copies nothing there.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<IReadOnlyList<BucketProtection>> ProtectAsync(IReadOnlyCollection<string> urlPrefixes, CancellationToken cancellation)
    {
        var copies = Policy([CopyStatement(urlPrefixes)]);
        var policy = await TryAsync("copies and ACLs by upload URLs (bucket policy)", () => PutPolicyAsync(PolicyFor(urlPrefixes), cancellation));
        if (policy.Refusal is not null)
            policy = await TryAsync("copies by upload URLs (bucket policy)", () => PutPolicyAsync(copies, cancellation));
        return [policy, await TryAsync("public ACLs and policies (public access block)", () => BlockPublicAccessAsync(cancellation))];
    }

    /// <summary>The whole policy, as docs/storage.md shows it.</summary>
    internal string PolicyFor(IEnumerable<string> urlPrefixes) => Policy([CopyStatement(urlPrefixes), .. AclStatements()]);

    private JsonNode CopyStatement(IEnumerable<string> prefixes) => new JsonObject
    {
        ["Sid"] = "NoCopies", ["Effect"] = "Deny", ["Principal"] = "*", ["Action"] = "s3:PutObject",
        ["Resource"] = new JsonArray([.. prefixes.Select(prefix => (JsonNode)$"arn:aws:s3:::{Bucket}/{prefix}*")]),
        ["Condition"] = new JsonObject { ["StringLike"] = new JsonObject { ["s3:x-amz-copy-source"] = "?*" } },
    };

    private IEnumerable<JsonNode> AclStatements()
    {
        // Keys of one condition would have to match together, so each header is a statement. `?*` and not `*`: Ceph takes a missing ACL for an empty one.
        foreach (var header in GrantHeaders)
            yield return new JsonObject
            {
                ["Sid"] = "No" + header.Replace("-", "", StringComparison.Ordinal), ["Effect"] = "Deny", ["Principal"] = "*", ["Action"] = "s3:PutObject",
                ["Resource"] = $"arn:aws:s3:::{Bucket}/*",
                ["Condition"] = new JsonObject { ["StringLike"] = new JsonObject { [$"s3:{header}"] = "?*" } },
            };
        yield return new JsonObject { ["Sid"] = "NoAcls", ["Effect"] = "Deny", ["Principal"] = "*", ["Action"] = "s3:PutObjectAcl", ["Resource"] = $"arn:aws:s3:::{Bucket}/*" };
    }

    private static string Policy(IEnumerable<JsonNode> statements) =>
        new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements]) }.ToJsonString();

    private Task PutPolicyAsync(string policy, CancellationToken cancellation) =>
        CallAsync(token => new ValueTask<PutBucketPolicyResponse>(_client.PutBucketPolicyAsync(new PutBucketPolicyRequest { BucketName = Bucket, Policy = policy }, token)), cancellation);

    // Without BlockPublicAcls: Ceph 16 refuses every put then, and the policy refuses ACLs.
    private Task BlockPublicAccessAsync(CancellationToken cancellation) =>
        CallAsync(token => new ValueTask<PutPublicAccessBlockResponse>(_client.PutPublicAccessBlockAsync(new PutPublicAccessBlockRequest
        {
            BucketName = Bucket,
            PublicAccessBlockConfiguration = new PublicAccessBlockConfiguration { IgnorePublicAcls = true, BlockPublicPolicy = true, RestrictPublicBuckets = true },
        }, token)), cancellation);

    private static async Task<BucketProtection> TryAsync(string what, Func<Task> set)
    {
        try
        {
            await set();
            return new BucketProtection(what, null);
        }
        catch (AmazonS3Exception unknown) when ((int)unknown.StatusCode is >= 400 and < 500 or (int)HttpStatusCode.NotImplemented)
        {
            return new BucketProtection(what, unknown.ErrorCode);
        }
    }
}
