using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A registry that clients pull from: it has the one image of an OCI layout, under whatever name is asked for.
/// </summary>
internal sealed class OciRegistry : IDisposable
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    private readonly HttpListener _listener = new();
    private readonly string _layout;
    private readonly string _manifest;
    private readonly ConcurrentQueue<string> _fetched = new();
    private readonly Task _serving;

    /// <param name="layout">The directory of the OCI layout.</param>
    public OciRegistry(string layout)
    {
        _layout = layout;
        var index = JsonNode.Parse(File.ReadAllText($"{layout}/index.json"))!;
        _manifest = (string)index["manifests"]![0]!["digest"]!;
        Address = $"127.0.0.1:{FreePort()}";
        _listener.Prefixes.Add($"http://{Address}/");
        _listener.Start();
        _serving = Serve();
    }

    /// <summary>Digests of the layers' blobs.</summary>
    public IReadOnlyList<string> Layers =>
    [
        .. JsonNode.Parse(File.ReadAllText($"{_layout}/blobs/{_manifest.Replace(':', '/')}"))!["layers"]!.AsArray()
            .Select(layer => (string)layer!["digest"]!),
    ];

    /// <summary>What was fetched so far, manifests and blobs, by their digests.</summary>
    public IReadOnlyCollection<string> Fetched => _fetched;

    /// <summary>What stands before an image's name.</summary>
    public string Address { get; }

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait(Patience.Limit);
    }

    private async Task Serve()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            await Answer(context);
        }
    }

    /// <summary>/v2/, /v2/NAME/manifests/TAG-OR-DIGEST and /v2/NAME/blobs/DIGEST of the distribution specification.
    /// </summary>
    private async Task Answer(HttpListenerContext context)
    {
        using var response = context.Response;
        var words = context.Request.Url!.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["v2"])
            return;
        if (words is not ["v2", .., _, "manifests" or "blobs", var what])
        {
            response.StatusCode = 404;
            return;
        }
        var isManifest = words[^2] == "manifests";
        var digest = what.StartsWith("sha256:", StringComparison.Ordinal) ? what : _manifest;
        var file = new FileInfo($"{_layout}/blobs/{digest.Replace(':', '/')}");
        if (!file.Exists)
        {
            response.StatusCode = 404;
            return;
        }
        response.ContentType = isManifest ? ManifestType : "application/octet-stream";
        response.Headers["Docker-Content-Digest"] = digest;
        response.ContentLength64 = file.Length;
        if (context.Request.HttpMethod == "HEAD")
            return;
        _fetched.Enqueue(digest);
        await using var content = file.OpenRead();
        try
        {
            await content.CopyToAsync(response.OutputStream);
        }
        catch (HttpListenerException)
        {
            // The client has gone, as it may.
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
