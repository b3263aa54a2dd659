using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetVips;
using Npgsql;
using VisionPlatform.Bench.Api;

namespace VisionPlatform.Bench.Data;

/// <summary>
/// Datasets through the API of an app in its own process. Uploads stand beside plain presigned PUTs of the same bytes by the same client to the same
/// bucket, publishing beside <c>COPY</c> of the same rows into a table with the same indexes.
/// </summary>
internal static class DatasetScenarios
{
    private const int Images = 2_000;
    private const int Published = 100_000;
    private const int Small = 200;

    /// <summary>PUTs of the client at one time, to the platform's URLs and to those of the peer.</summary>
    private const int Puts = 16;

    private const int Announced = 1_000;
    private const int Completed = 200;

    public static async Task UploadAsync(CancellationToken cancellation)
    {
        await using var work = await Workplace.StartAsync(cancellation);
        Report.Progress($"making {Images} images");
        var images = Enumerable.Range(0, Images + Completed).AsParallel().Select(Jpeg).ToArray();
        // Both paths once before, so that the programs have compiled what runs often.
        await UploadAsync(work, images[Images..], "warm", cancellation);
        await PutPlainAsync(work, images[Images..], "warm", cancellation);
        // Half of the peer's before and half after, so that a change of the machine's load falls on both.
        Report.Progress("uploading");
        var before = await PutPlainAsync(work, images[..(Images / 2)], "first", cancellation);
        var seconds = await UploadAsync(work, images[..Images], "img", cancellation);
        var after = await PutPlainAsync(work, images[(Images / 2)..Images], "second", cancellation);
        Report.Comparison("upload", Images, seconds, before + after, work.App.PeakMb, new JsonObject
        {
            ["imagesPerSecond"] = Report.Rounded(Images / seconds), ["megabytes"] = Report.Rounded(images[..Images].Sum(image => (double)image.Length) / 1e6),
        });
    }

    public static async Task PublishAsync(CancellationToken cancellation)
    {
        await using var work = await Workplace.StartAsync(cancellation);
        Report.Progress($"a dataset of {Published} images");
        await using var database = NpgsqlDataSource.Create(work.Data.Platform);
        // A small version before, so that the app has compiled what runs often.
        await FillAsync(database, work.Data, 1, Small, cancellation);
        await PublishAsync(work, Small, cancellation);
        await FillAsync(database, work.Data, Small + 1, Published, cancellation);

        Report.Progress("publishing");
        var before = work.App.PeakMb;
        var publishing = PublishAsync(work, Published, cancellation);
        var own = await work.App.PeakOwnMbAsync(publishing);
        var (seconds, answered) = await publishing;
        Report.Comparison("publish-100000", Published, seconds, await CopyAsync(database, cancellation), work.App.PeakMb, new JsonObject
        {
            ["answeredSeconds"] = Report.Rounded(answered), ["beforeMb"] = Report.Rounded(before), ["ownMb"] = Report.Rounded(own),
        });
    }

    /// <summary>Publishes the images that are there: seconds until the version is ready, and until the request was answered.</summary>
    private static async Task<(double Ready, double Answered)> PublishAsync(Workplace work, int images, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var version = await work.PostAsync("versions", new JsonObject(), cancellation);
        var answered = clock.Elapsed.TotalSeconds;
        using (var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20)))
            while (version.GetProperty("state").GetString() == "publishing" && await pause.WaitForNextTickAsync(cancellation))
                version = await work.GetAsync($"versions/{version.GetProperty("id").GetString()}", cancellation);
        return version.GetProperty("state").GetString() == "ready" && version.GetProperty("imageCount").GetInt32() == images
            ? (clock.Elapsed.TotalSeconds, answered)
            : throw new InvalidOperationException($"The version did not become ready: {version}");
    }

    /// <summary>Announces, puts and completes; a batch is completed as soon as its files are there, while the next ones are put.</summary>
    private static async Task<double> UploadAsync(Workplace work, byte[][] images, string folder, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var done = new ConcurrentBag<int>();
        var completions = new List<Task>();
        foreach (var part in images.Index().Chunk(Announced))
        {
            var files = part.Select(image => new JsonObject { ["path"] = $"class-{image.Index % 10}/{folder}-{image.Index:d6}.jpg", ["size"] = image.Item.Length, ["contentType"] = "image/jpeg" });
            var announced = await work.PostAsync("uploads", new JsonObject { ["files"] = new JsonArray([.. files]) }, cancellation);
            foreach (var batch in announced.GetProperty("uploads").EnumerateArray().Zip(part, (upload, image) => (upload, image.Item)).Chunk(Completed))
            {
                await Parallel.ForEachAsync(batch, new ParallelOptions { MaxDegreeOfParallelism = Puts, CancellationToken = cancellation }, (one, token) =>
                    work.PutAsync(one.upload.GetProperty("url").GetString()!, one.upload.GetProperty("headers").EnumerateObject().Select(header => (header.Name, header.Value.GetString()!)), one.Item, token));
                completions.Add(CompleteAsync([.. batch.Select(one => one.upload.GetProperty("uploadId").GetString()!)]));
            }
        }
        await Task.WhenAll(completions);
        return done.Sum() == images.Length ? clock.Elapsed.TotalSeconds : throw new InvalidOperationException($"{done.Sum()} of {images.Length} uploads became images.");

        async Task CompleteAsync(string[] ids)
        {
            var answer = await work.PostAsync("uploads/complete", new JsonObject { ["uploadIds"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]) }, cancellation);
            if (answer.GetProperty("failed") is var failed && failed.GetArrayLength() > 0)
                throw new InvalidOperationException($"Uploads were refused: {failed}");
            done.Add(answer.GetProperty("completed").GetArrayLength());
        }
    }

    private static async Task<double> PutPlainAsync(Workplace work, byte[][] images, string folder, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, images.Length, new ParallelOptions { MaxDegreeOfParallelism = Puts, CancellationToken = cancellation }, (i, token) =>
        {
            var request = work.Bucket.Store.PresignPutOnce($"peer/{folder}-{i:d6}.jpg", "image/jpeg", images[i].Length, TimeSpan.FromHours(1));
            return work.PutAsync(request.Url, request.Headers.Select(header => (header.Key, header.Value)), images[i], token);
        });
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>A JPEG of 10 to 20 KB; each number gives another.</summary>
    private static byte[] Jpeg(int number)
    {
        using var noise = Image.Gaussnoise(400, 300, sigma: 12, mean: 60 + number % 120, seed: number);
        using var grey = noise.Cast(Enums.BandFormat.Uchar);
        using var colours = grey.Bandjoin((grey / 2).Cast(Enums.BandFormat.Uchar), 255 - grey);
        using var labelled = colours.Copy(interpretation: Enums.Interpretation.Srgb);
        return labelled.JpegsaveBuffer(q: 70 + number % 10);
    }

    /// <summary>Rows as uploads leave them; their objects are not needed to publish.</summary>
    private static async Task FillAsync(NpgsqlDataSource database, BenchData data, int first, int last, CancellationToken cancellation)
    {
        await using var fill = database.CreateCommand(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            INSERT INTO dataset_images (id, dataset_id, path, folded_path, key, thumbnail_key, class, content_type, size, sha256, width, height, created_by, created_at)
            SELECT id, '{data.Dataset}', path, path, 'datasets/{data.Dataset}/images/' || id || '/' || sha, 'datasets/{data.Dataset}/thumbnails/' || id || '/' || sha || '.jpg',
                   'class-' || n % 10, 'image/jpeg', 10000 + n % 10000, sha, 240, 180, '{data.User}', now()
            FROM (SELECT n, gen_random_uuid() AS id, 'class-' || n % 10 || '/camera-7/img-' || lpad(n::text, 8, '0') || '.jpg' AS path, encode(sha256(n::text::bytea), 'hex') AS sha
                  FROM generate_series({first}, {last}) n) made;
            ANALYZE
            """));
        fill.CommandTimeout = 600;
        await fill.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>The peer: the rows of the version, written by <c>COPY</c> into a table with the same columns, constraints and indexes.</summary>
    private static async Task<double> CopyAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using (var make = new NpgsqlCommand("CREATE TABLE peer_images (LIKE dataset_version_images INCLUDING ALL)", connection))
            await make.ExecuteNonQueryAsync(cancellation);
        await using var rows = new MemoryStream();
        await using (var read = await connection.BeginRawBinaryCopyAsync("COPY (SELECT i.* FROM dataset_version_images i JOIN dataset_versions v ON v.id = i.version_id WHERE v.number = 2) TO STDOUT (FORMAT binary)", cancellation))
            await read.CopyToAsync(rows, cancellation);
        rows.Position = 0;
        var clock = Stopwatch.StartNew();
        await using (var write = await connection.BeginRawBinaryCopyAsync("COPY peer_images FROM STDIN (FORMAT binary)", cancellation))
            await rows.CopyToAsync(write, cancellation);
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>An app with a bucket and a dataset.</summary>
    private sealed class Workplace(BenchBucket bucket, BenchData data, BenchProcess app) : IAsyncDisposable
    {
        private readonly HttpClient _api = new() { BaseAddress = new Uri($"http://127.0.0.1:{app.Port}/api/v1/datasets/{data.Dataset}/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", data.Token) } };
        private readonly HttpClient _store = new();

        public BenchBucket Bucket => bucket;

        public BenchData Data => data;

        public BenchProcess App => app;

        public static async Task<Workplace> StartAsync(CancellationToken cancellation)
        {
            var bucket = await BenchBucket.CreateAsync("DATASETS", "127.0.0.1", cancellation);
            var data = await BenchData.CreateAsync(Server.FromEnvironment(), projects: 1, cancellation);
            return new Workplace(bucket, data, await BenchProcess.StartAppAsync(data, cancellation, bucket.AppSettings()));
        }

        public async Task<JsonElement> PostAsync(string path, JsonObject body, CancellationToken cancellation)
        {
            using var answer = await _api.PostAsJsonAsync(path, body, cancellation);
            return await ReadAsync(answer, cancellation);
        }

        public async Task<JsonElement> GetAsync(string path, CancellationToken cancellation)
        {
            using var answer = await _api.GetAsync(path, cancellation);
            return await ReadAsync(answer, cancellation);
        }

        public async ValueTask PutAsync(string url, IEnumerable<(string Name, string Value)> headers, byte[] content, CancellationToken cancellation)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(content) };
            foreach (var (name, value) in headers)
                if (!request.Headers.TryAddWithoutValidation(name, value))
                    request.Content.Headers.TryAddWithoutValidation(name, value);
            using var answer = await _store.SendAsync(request, cancellation);
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException($"The store answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellation)}");
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            _api.Dispose();
            _store.Dispose();
            await bucket.DisposeAsync();
        }

        private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation) => answer.IsSuccessStatusCode
            ? await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation)
            : throw new InvalidOperationException($"The app answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellation)}");
    }
}
