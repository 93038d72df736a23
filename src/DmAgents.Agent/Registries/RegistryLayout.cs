using DmAgents.Domain.Units;

namespace DmAgents.Agent.Registries;

/// <summary>An OCI layout on its way to or from a registry: a directory that only the agent reads, deleted with this
/// object. After a crash the next start deletes it.</summary>
internal sealed class RegistryLayout : IDisposable
{
    private const string Prefix = "dmagents-registry-";

    private readonly string _home;

    public RegistryLayout(string spoolDirectory)
    {
        System.IO.Directory.CreateDirectory(spoolDirectory);
        _home = Path.Combine(spoolDirectory, Prefix + Guid.NewGuid().ToString("N"));
        System.IO.Directory.CreateDirectory(
            _home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The writer of the layout creates it.</summary>
    public string Directory => $"{_home}/layout";

    /// <summary>The only image in it, in skopeo's notation.</summary>
    public string Name => $"oci:{Directory}";

    /// <summary>Bytes in it so far.</summary>
    public ByteSize Size
    {
        get
        {
            try
            {
                return new ByteSize((ulong)new DirectoryInfo(_home)
                    .EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length));
            }
            catch (IOException)
            {
                // A listed file was renamed meanwhile.
                return ByteSize.Zero;
            }
        }
    }

    /// <summary>Deletes the layouts of a dead agent.</summary>
    public static void Sweep(string spoolDirectory)
    {
        try
        {
            foreach (var left in System.IO.Directory.EnumerateDirectories(spoolDirectory, Prefix + "*"))
                System.IO.Directory.Delete(left, recursive: true);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            // The directory does not exist yet, or is not writable: later operations report that.
        }
    }

    public void Dispose() => System.IO.Directory.Delete(_home, recursive: true);
}
