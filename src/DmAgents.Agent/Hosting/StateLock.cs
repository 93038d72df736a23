using DmAgents.Agent.Configuration;

namespace DmAgents.Agent.Hosting;

/// <summary>Allows one agent per state directory: held for the process's life, and released by the kernel when the
/// process dies.</summary>
internal sealed class StateLock : IDisposable
{
    private const UnixFileMode OnlyOwner =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>EWOULDBLOCK: .NET passes on the errno of a lock that another process holds.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _file;

    private StateLock(FileStream file) => _file = file;

    /// <summary>Takes the lock (flock, by FileShare.None) and writes the process id into the file for
    /// operators.</summary>
    /// <exception cref="SettingsException">Another agent holds it, or the directory cannot be created.</exception>
    public static StateLock Take(AgentSettings settings)
    {
        try
        {
            // Containers' file systems are mounted below: no user of the host may run their setuid programs.
            Directory.CreateDirectory(settings.StateDirectory, OnlyOwner);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(
                $"the state directory {settings.StateDirectory} cannot be made ({cause.Message.TrimEnd('.')}); "
                + "run as root, or set dmagents.state-directory");
        }
        try
        {
            var file = new FileStream(settings.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
            return new StateLock(file);
        }
        catch (IOException cause) when (cause.HResult != WouldBlock)
        {
            throw new SettingsException(
                $"{settings.LockFile} cannot be written ({cause.Message.TrimEnd('.')}): nor could the journal. Nothing "
                + "was changed. Make room on its disk, or mount it writable");
        }
        catch (IOException)
        {
            throw new SettingsException(
                $"another agent uses the state directory {settings.StateDirectory}; stop that one (systemctl stop "
                + "dmagentd), or give this one a dmagents.state-directory of its own");
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new SettingsException(
                $"{settings.LockFile} cannot be opened ({cause.Message.TrimEnd('.')}); run as root");
        }
    }

    public void Dispose() => _file.Dispose();
}
