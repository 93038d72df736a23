using System.Formats.Tar;
using System.Net;
using System.Net.Http.Json;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Bench.Snapshots;

/// <summary>
/// Docker's devicemapper driver, by Docker's API. What it has for a prepare is the creation of a container, which makes
/// two snapshots: one with the files that Docker puts into every container, and the container's own of that.
/// </summary>
internal sealed class DockerSide(string name, IKernel kernel, MappedName pool, HttpClient docker)
    : SnapshotSide(name, kernel, pool)
{
    public override bool HasLayers => false;

    public override async Task Open()
    {
        using var image = Archive("file", new byte[1 << 20]);
        using var content = new StreamContent(image);
        await Done(docker.PostAsync(Relative($"/images/create?fromSrc=-&repo={Image}"), content)).ConfigureAwait(false);
    }

    public override Task Nothing() => Done(docker.GetAsync(Relative("/_ping")));

    public override async Task<DevicePath?> Prepare(string key, string parent)
    {
        using var body = JsonContent.Create(new { Image = parent, Cmd = (string[])["/none"] });
        await body.LoadIntoBufferAsync().ConfigureAwait(false);
        await Done(docker.PostAsync(Relative($"/containers/create?name={key}"), body)).ConfigureAwait(false);
        return null;
    }

    public override Task Commit(string name, string key) => throw new NotSupportedException();

    public override Task Remove(string key) => Done(docker.DeleteAsync(Relative($"/containers/{key}")));

    /// <summary>A container that does not run has no device: Docker mounts it for this and takes it away
    /// again.</summary>
    public override async Task Write(string key)
    {
        using var archive = Archive("written", Blocks.Mebibyte);
        using var content = new StreamContent(archive);
        await Done(docker.PutAsync(Relative($"/containers/{key}/archive?path=/"), content)).ConfigureAwait(false);
    }

    public override Task Settle() => Task.CompletedTask;

    /// <summary>Reads an archive of an image; answers when its layers are unpacked.</summary>
    public async Task Load(string archive)
    {
        using var content = new StreamContent(File.OpenRead(archive));
        await Done(docker.PostAsync(Relative("/images/load?quiet=1"), content)).ConfigureAwait(false);
    }

    public Task RemoveImage(string image) => Done(docker.DeleteAsync(Relative($"/images/{image}?force=1")));

    private static Uri Relative(string path) => new(path, UriKind.Relative);

    private async Task Done(Task<HttpResponseMessage> call)
    {
        using var response = await call.ConfigureAwait(false);
        var body = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        // A load fails in the body of an answer that has begun well.
        if (response.StatusCode >= HttpStatusCode.BadRequest || body.Contains("\"error\"", StringComparison.Ordinal))
            throw new InvalidOperationException($"{Name}: {(int)response.StatusCode} {body}");
    }

    private static MemoryStream Archive(string name, byte[] content)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }
        stream.Position = 0;
        return stream;
    }
}
