using System.Runtime.CompilerServices;
using DmAgents.Agent.Imports;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Agent.Tests.Imports;

/// <summary>
/// Each refusal of an import that the agent itself makes, by what causes it. A refusal that is not here fails the last
/// test; those of archives are in the tests of DmAgents.Images.
/// </summary>
public sealed class ImportRefusalTests : IAsyncLifetime
{
    private const string OtherReference = "give another with --reference";
    private const string OtherPlatform = "give another with --platform";
    private const string AsTheHost = "give it as the agent's host sees it";
    private const string Formats = "give one of oci, docker and rootfs";
    private const string NoName = "give a name with --reference";
    private const string KernelLog = "see dmesg";
    private const string ListImages = "list them: dmagent image list";
    private const string MoreOfIt = "give more of the id, or a reference";
    private const string ListPools = "list them: dmagent pool list";

    private static readonly byte[] Layer = new TarBytes().Directory("./").File("a", "content").End();

    private ImportedImages _images = null!;

    public async Task InitializeAsync() => _images = await ImportedImages.Start();

    public async Task DisposeAsync() => await _images.DisposeAsync();

    [Fact]
    public async Task Of_what_a_request_says()
    {
        var named = _images.Write(ImageFiles.DockerArchive(["app:1"], Layer));
        var nameless = _images.Write(ImageFiles.DockerArchive(null, Layer));
        var odd = _images.Write(ImageFiles.DockerArchive(["Not A Name"], Layer));

        Same("a relative path", RefusalKind.Invalid, AsTheHost, await _images.Refused("app.tar"));
        Same("no platform", RefusalKind.Invalid, OtherPlatform, await _images.Refused(named, platform: "amd64"));
        Same("no format", RefusalKind.Invalid, Formats, await _images.Refused(named, format: (ArchiveFormat)77));
        Same("no name", RefusalKind.Invalid, NoName, await _images.Refused(nameless));
        Same("a name that is none", RefusalKind.Invalid, OtherReference,
            await _images.Refused(named, reference: "Not A Name"));
        Same("a name of the archive that is none", RefusalKind.Invalid, OtherReference, await _images.Refused(odd));
        // What is advised helps.
        await _images.Import(nameless, reference: "app:2");
        await _images.Import(odd, reference: "app:3");
    }

    /// <summary>Kinds give the exit status: not found, no space, refused, used wrongly, failed.</summary>
    [Fact]
    public async Task Of_an_archive_by_what_is_wrong_with_it()
    {
        var several = _images.Write(new OciLayout().Add("a:1", "amd64", ImageFiles.Gzip, Layer)
            .Add("b:1", "amd64", bytes => bytes, Layer).ToTar());

        Same("nothing there", RefusalKind.NotFound, "Check the path, as the agent's host sees it",
            await _images.Refused(Path.Combine(_images.Home, "missing")));
        Same("several images", RefusalKind.Invalid, "Choose one of these with --select",
            await _images.Refused(several));
        Same("no archive", RefusalKind.WrongState,
            "Give a tar archive: plain, or compressed by gzip, zstd, xz or bzip2",
            await _images.Refused(_images.Write(new byte[4096].Select(_ => (byte)'x').ToArray()), "x:1"));
        Same("a damaged layer", RefusalKind.Failed, "Fetch or write the archive again",
            await _images.Refused(_images.Write(Damaged())));
        Assert.DoesNotContain(
            _images.Agent.State.Devices.Values,
            device => device.IsPresent && device.Key.Space == DeviceKey.ImportSpace);
        Assert.Empty(_images.Agent.State.Images);
    }

    [Fact]
    public async Task Of_a_mount_that_cannot_be_opened()
    {
        await _images.Restart(new NoTrees());

        var refusal = await _images.Refused(_images.Write(ImageFiles.DockerArchive(["app:1"], Layer)));

        Same("no tree", RefusalKind.Failed, KernelLog, refusal);
        Assert.Contains("errno 5", refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_an_image_that_is_looked_for()
    {
        await _images.Import(_images.Write(ImageFiles.DockerArchive(["app:1"], Layer)));
        await _images.Import(_images.Write(ImageFiles.DockerArchive(["app:2"], Layer, Layer)));
        var pool = _images.Agent.Picture;

        Same("no image", RefusalKind.NotFound, ListImages, Assert.Throws<RefusedException>(
            () => ImageFinder.Find("cannot show image", pool, "other:1")).Refusal);
        Same("two images", RefusalKind.Invalid, MoreOfIt, Assert.Throws<RefusedException>(
            () => ImageFinder.Find("cannot show image", pool, "sha256:")).Refusal);
        Same("no pool", RefusalKind.NotFound, ListPools, (await Assert.ThrowsAsync<RefusedException>(
            () => _images.Agent.Get<ImageFinder>().Details(new PoolName("other"), new("app:1")))).Refusal);
    }

    [Fact]
    public void Each_advice_of_the_source_is_here()
    {
        string[] known =
        [
            OtherReference, OtherPlatform, AsTheHost, Formats, NoName, KernelLog, ListImages, MoreOfIt, ListPools,
        ];

        var found = AdviceInSource.Of(
            Directory.GetFiles(SourceDirectory(), "*.cs"), ("Refusals\\.(Invalid|NotFound)\\(", 3),
            ("Refusals\\.Because\\(", 4));

        Assert.Equal(known.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    private static string SourceDirectory([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/DmAgents.Agent/Imports"));

    private static void Same(string what, RefusalKind kind, string next, Refusal refusal) =>
        Assert.Equal((what, kind, next), (what, refusal.Kind, refusal.Next));

    private static byte[] Damaged()
    {
        var layout = new OciLayout().Add("app:1", "amd64", bytes => [.. bytes], Layer);
        layout.Blobs.Values.Single(blob => blob.Length == Layer.Length)[600] ^= 1;
        return layout.ToTar();
    }

    private sealed class NoTrees : IFileTrees
    {
        public FileTreeStatus Open(MountPath root, out IFileTree? tree)
        {
            tree = null;
            return new FileTreeStatus(FileTreeOutcome.Failed, 5, "openat2");
        }

        public KernelResult<IFileTree> OpenDevice(DevicePath device, FileSystemKind kind, string? directory) =>
            new KernelError(KernelFault.Failed, 5, "openat2", device.Value, "");
    }
}
