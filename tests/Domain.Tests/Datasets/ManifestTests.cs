using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Tests.Datasets;

public sealed class ManifestTests
{
    private static DatasetVersionImage Image(string path, string? className = "3", Split split = Split.Train, string key = "k") => new()
    {
        VersionId = Guid.Empty, Path = path, Key = key, Class = className, Split = split, Size = 12, Sha256 = new string('a', 64), Width = 8, Height = 9,
    };

    [Fact]
    public void The_hash_is_the_sha256_of_the_canonical_lines()
    {
        var lines =
            $$"""
            {"path":"3/a.png","size":12,"sha256":"{{new string('a', 64)}}","width":8,"height":9,"class":"3","split":"train"}
            {"path":"3/ü \"q\".png","size":12,"sha256":"{{new string('a', 64)}}","width":8,"height":9,"class":null,"split":"test"}

            """;

        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines))),
            Manifest.Hash([Image("3/a.png"), Image("3/ü \"q\".png", null, Split.Test)]));
    }

    [Fact]
    public void Every_fact_of_an_image_counts_but_where_it_lies()
    {
        var hash = Manifest.Hash([Image("3/a.png")]);

        Assert.NotEqual(hash, Manifest.Hash([Image("3/b.png")]));
        Assert.NotEqual(hash, Manifest.Hash([Image("3/a.png", "4")]));
        Assert.NotEqual(hash, Manifest.Hash([Image("3/a.png", split: Split.Val)]));
        Assert.NotEqual(hash, Manifest.Hash([Image("3/a.png"), Image("3/b.png")]));
        Assert.Equal(hash, Manifest.Hash([Image("3/a.png", key: "elsewhere")]));
    }

    [Fact]
    public async Task The_stored_manifest_is_the_canonical_lines_with_the_key()
    {
        using var stream = new MemoryStream();
        await Manifest.WriteAsync([Image("3/a.png", key: "datasets/x/images/3/a.png")], stream, TestContext.Current.CancellationToken);

        Assert.Equal(
            $$"""{"path":"3/a.png","size":12,"sha256":"{{new string('a', 64)}}","width":8,"height":9,"class":"3","split":"train","key":"datasets/x/images/3/a.png"}""" + "\n",
            Encoding.UTF8.GetString(stream.ToArray()));
    }
}
