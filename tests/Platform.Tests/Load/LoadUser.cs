using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using VisionPlatform.Platform.Tests.Datasets;

namespace VisionPlatform.Platform.Tests.Load;

/// <summary>
/// A person at work: looks at projects, datasets and jobs most of the time, and sometimes makes a project, renames one or uploads an image. Keeps
/// what the platform has confirmed, to ask for it at the end.
/// </summary>
internal sealed class LoadUser(Uri address, LoadJournal journal, int seed) : IDisposable
{
    private const int ProjectsAtMost = 8;

    private readonly HttpClient _http = new() { BaseAddress = new Uri(address, "/api/v1/"), Timeout = TimeSpan.FromMinutes(2) };
    private readonly Random _random = new(seed);
    private readonly HashSet<Guid> _projects = [];
    private readonly Dictionary<Guid, List<int>> _texts = [];
    private readonly HashSet<Guid> _images = [];
    private Guid _dataset;
    private int _number;

    /// <summary>Projects, texts and images that were confirmed and are not there any more.</summary>
    public List<string> Lost { get; } = [];

    public int Confirmed => _projects.Count + _images.Count;

    /// <summary>Signs in and makes a first project with a dataset, before the load begins.</summary>
    public async Task BeginAsync(string email, string password, CancellationToken cancellation)
    {
        using var session = await _http.PostAsJsonAsync("auth/login", new { email, password }, cancellation);
        var body = await session.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellation);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", body.GetProperty("accessToken").GetString());
        await MakeProjectAsync(cancellation);
        var project = _projects.Single();
        _dataset = (await SendAsync("POST dataset", HttpMethod.Post, "datasets", new { projectId = project, name = "load", taskType = "image_classification" }, cancellation))!.Value.GetProperty("id").GetGuid();
    }

    /// <summary>One thing that a person does. The shares are percent.</summary>
    public Task ActAsync(CancellationToken cancellation) => _random.Next(100) switch
    {
        < 25 => ReadAsync("GET projects", "projects?limit=20", cancellation),
        < 40 => ReadAsync("GET project", $"projects/{Any()}", cancellation),
        < 55 => ReadAsync("GET datasets", $"datasets?projectId={_projects.First()}", cancellation),
        < 65 => ReadAsync("GET images", $"datasets/{_dataset}/images?limit=50", cancellation),
        < 75 => ReadAsync("GET jobs", $"training/jobs?projectId={_projects.First()}", cancellation),
        < 80 => ReadAsync("GET me", "auth/me", cancellation),
        < 87 when _projects.Count < ProjectsAtMost => MakeProjectAsync(cancellation),
        < 92 => WriteTextAsync(cancellation),
        _ => UploadAsync(cancellation),
    };

    /// <summary>Asks for everything that was confirmed.</summary>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        foreach (var project in _projects)
        {
            var found = await SendAsync("check", HttpMethod.Get, $"projects/{project}", null, cancellation);
            if (found is null)
                Lost.Add($"project {project}");
            else if (_texts.TryGetValue(project, out var written) && !written.Contains(int.Parse(found.Value.GetProperty("description").GetString()!, System.Globalization.CultureInfo.InvariantCulture)))
                Lost.Add($"text of project {project}: {found.Value.GetProperty("description")}, not one of {string.Join(", ", written)}");
        }
        var images = new HashSet<Guid>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await SendAsync("check", HttpMethod.Get, $"datasets/{_dataset}/images?limit=200{(cursor.Length > 0 ? $"&cursor={Uri.EscapeDataString(cursor)}" : "")}", null, cancellation))!.Value;
            images.UnionWith(page.GetProperty("items").EnumerateArray().Select(image => image.GetProperty("id").GetGuid()));
            cursor = page.GetProperty("nextCursor").GetString();
        }
        Lost.AddRange(_images.Except(images).Select(image => $"image {image}"));
    }

    /// <summary>Announces, sends and completes an image; true if the platform has confirmed it.</summary>
    public async Task<bool> UploadAsync(CancellationToken cancellation)
    {
        var image = DatasetClient.Png(_number);
        var announced = await SendAsync("POST uploads", HttpMethod.Post, $"datasets/{_dataset}/uploads", new { files = new[] { new { path = $"cat/{seed}-{_number++}.png", size = image.Length } } }, cancellation);
        if (announced is null)
            return false;
        var upload = announced.Value.GetProperty("uploads")[0];
        try
        {
            if (await DatasetClient.PutAsync(upload, image) != 200)
                return false;
        }
        catch (HttpRequestException)
        {
            return false; // The store is away.
        }
        var done = await SendAsync("POST uploads/complete", HttpMethod.Post, $"datasets/{_dataset}/uploads/complete", new { uploadIds = new[] { upload.GetProperty("uploadId").GetGuid() } }, cancellation);
        if (done is null || done.Value.GetProperty("completed").GetArrayLength() == 0)
            return false;
        _images.Add(done.Value.GetProperty("completed")[0].GetProperty("image").GetProperty("id").GetGuid());
        return true;
    }

    public void Dispose() => _http.Dispose();

    private Guid Any() => _projects.ElementAt(_random.Next(_projects.Count));

    private Task ReadAsync(string what, string path, CancellationToken cancellation) => SendAsync(what, HttpMethod.Get, path, null, cancellation);

    private async Task MakeProjectAsync(CancellationToken cancellation)
    {
        if (await SendAsync("POST project", HttpMethod.Post, "projects", new { name = $"project {_number++}" }, cancellation) is { } made)
            _projects.Add(made.GetProperty("id").GetGuid());
    }

    // A text that was sent and not confirmed may be there or not; one that was confirmed replaces all before it.
    private async Task WriteTextAsync(CancellationToken cancellation)
    {
        var (project, number) = (Any(), _number++);
        if (!_texts.TryGetValue(project, out var written))
            _texts[project] = written = [];
        if (written.Count > 0)
            written.Add(number);
        if (await SendAsync("PUT project", HttpMethod.Put, $"projects/{project}", new { name = $"project {project}", description = $"{number}" }, cancellation) is not null)
            _texts[project] = [number];
        else if (written.Count == 0)
            _texts.Remove(project);
    }

    /// <summary>The body of a 2xx; null for anything else.</summary>
    private async Task<JsonElement?> SendAsync(string what, HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        var began = Stopwatch.GetTimestamp();
        var (status, content) = (0, default(JsonElement?));
        try
        {
            using var answer = await _http.SendAsync(request, cancellation);
            status = (int)answer.StatusCode;
            if (answer.IsSuccessStatusCode)
                content = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // No answer, or half of one.
            (status, content) = (0, null);
        }
        journal.Add(new LoadSample(what, began, Stopwatch.GetTimestamp(), status));
        return content;
    }
}
