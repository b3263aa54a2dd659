using System.Net.Http.Headers;
using System.Text.Json;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Datasets;

/// <summary>What a program that fills datasets does with the API and the URLs it gives out.</summary>
internal static class DatasetClient
{
    private static readonly HttpClient Store = new();

    /// <summary>A 2 × 2 grey PNG whose pixels depend on the number, so that every image differs.</summary>
    public static byte[] Png(int number)
    {
        using var data = new MemoryStream();
        using (var zip = new System.IO.Compression.ZLibStream(data, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            zip.Write([0, (byte)number, (byte)(number >> 8), 0, 7, 9]);
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR"u8, [0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0]), .. Chunk("IDAT"u8, data.ToArray()), .. Chunk("IEND"u8, [])];
    }

    public static async Task<Guid> NewDatasetAsync(this ApiClient client, Guid? projectId = null, object? split = null) =>
        (await client.PostAsync("datasets", new
        {
            projectId = projectId ?? await client.NewProjectAsync(), name = $"dataset {Guid.CreateVersion7():n}", taskType = "image_classification", split,
        })).Expect(201).Id;

    /// <summary>Announces files of the given paths.</summary>
    public static Task<ApiAnswer> AnnounceAsync(this ApiClient client, Guid dataset, IEnumerable<(string Path, byte[] Content)> files, string? onDuplicate = null) =>
        client.PostAsync($"datasets/{dataset}/uploads", new { files = files.Select(file => new { path = file.Path, size = file.Content.Length }), onDuplicate });

    /// <summary>Sends a file with exactly the headers that the announcement answered.</summary>
    public static async Task<int> PutAsync(JsonElement upload, byte[] content)
    {
        using var request = new HttpRequestMessage(new HttpMethod(upload.GetProperty("method").GetString()!), upload.GetProperty("url").GetString()) { Content = new ByteArrayContent(content) };
        foreach (var header in upload.GetProperty("headers").EnumerateObject())
            if (header.Name == "Content-Type")
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(header.Value.GetString()!);
            else
                request.Headers.Add(header.Name, header.Value.GetString());
        using var answer = await Store.SendAsync(request);
        return (int)answer.StatusCode;
    }

    public static Task<ApiAnswer> CompleteAsync(this ApiClient client, Guid dataset, IEnumerable<JsonElement> uploads) =>
        client.PostAsync($"datasets/{dataset}/uploads/complete", new { uploadIds = uploads.Select(upload => upload.GetProperty("uploadId").GetGuid()) });

    /// <summary>Announces, sends and completes; every file must become an image.</summary>
    public static async Task<IReadOnlyList<JsonElement>> UploadAsync(this ApiClient client, Guid dataset, params IReadOnlyList<(string Path, byte[] Content)> files)
    {
        var uploads = (await client.AnnounceAsync(dataset, files)).Expect(200).Body.GetProperty("uploads").EnumerateArray().ToArray();
        foreach (var (upload, file) in uploads.Zip(files))
            Assert.Equal(200, await PutAsync(upload, file.Content));
        var done = (await client.CompleteAsync(dataset, uploads)).Expect(200).Body;
        Assert.Empty(done.GetProperty("failed").EnumerateArray());
        return [.. done.GetProperty("completed").EnumerateArray().Select(one => one.GetProperty("image"))];
    }

    /// <summary>Images of two classes, half each.</summary>
    public static (string Path, byte[] Content)[] Files(int count) => [.. Enumerable.Range(0, count).Select(i => ($"{(i % 2 == 0 ? "cat" : "dog")}/{i:0000}.png", Png(i)))];

    /// <summary>Publishes and waits until the version is ready.</summary>
    public static async Task<ApiAnswer> PublishAsync(this ApiClient client, Guid dataset, int expected = 202)
    {
        var published = (await client.PostAsync($"datasets/{dataset}/versions", new { })).Expect(expected);
        var version = published;
        await Waiting.UntilAsync(async () => (version = (await client.GetAsync($"datasets/{dataset}/versions/{published.Id}")).Expect(200)).Text("state") != "publishing", "the version is written");
        Assert.Equal("ready", version.Text("state"));
        return version;
    }

    public static Task<byte[]> GetAsync(string url) => Store.GetByteArrayAsync(url);

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] body = [.. type, .. data];
        var crc = uint.MaxValue;
        foreach (var value in body)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }
        crc = ~crc;
        return [.. BigEndian((uint)data.Length), .. body, .. BigEndian(crc)];
    }

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
