using System.Buffers;
using System.Text.Json;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet;
using DmAgents.Fleet.Authority;

namespace DmAgents.Agent.Fleet;

/// <summary>Stores a host's known members and its own address over a restart: JSON, written as a whole.</summary>
internal sealed class KnownMembersFile(IDurableFiles files, FleetPaths paths)
{
    private const int Version = 1;
    private static readonly JsonWriterOptions _indented = new() { Indented = true, NewLine = "\n" };

    private string FilePath => paths.Directory + "/members.json";

    public KernelResult Write(KnownMembers known)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, _indented))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("address", known.Address.ToString());
            json.WriteString("issuer", known.Issuer.ToString());
            json.WriteStartArray("members");
            foreach (var member in known.Members.Values)
            {
                json.WriteStartObject();
                json.WriteString("address", member.Address.ToString());
                if (member.Host is { } host)
                    json.WriteString("host", host.Value);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return files.Replace(FilePath, buffer.WrittenSpan);
    }

    public KernelResult Remove() => files.Delete(FilePath);

    public FleetOutcome<KnownMembers> Read()
    {
        var read = files.Read(FilePath);
        if (!read.Succeeded)
            return Damaged(read.Error.ToString());
        try
        {
            using var document = JsonDocument.Parse(read.Value);
            return Parse(document.RootElement) is { } known
                ? known
                : Damaged("it does not have the form of this release");
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return Damaged(cause.Message);
        }
    }

    private static KnownMembers? Parse(JsonElement root)
    {
        if (root.GetProperty("version").GetInt32() != Version
            || !MemberAddress.TryParse(root.GetProperty("address").GetString(), out var address)
            || !MemberAddress.TryParse(root.GetProperty("issuer").GetString(), out var issuer))
        {
            return null;
        }
        var members = new List<KnownMember>();
        foreach (var each in root.GetProperty("members").EnumerateArray())
        {
            if (!MemberAddress.TryParse(each.GetProperty("address").GetString(), out var member))
                return null;
            var named = each.TryGetProperty("host", out var text);
            if (named && !HostName.TryParse(text.GetString(), out _))
                return null;
            members.Add(new KnownMember(member, named ? new HostName(text.GetString()!) : null));
        }
        return KnownMembers.Of(address, issuer, []).With(members);
    }

    private Refusal Damaged(string why) => new(
        RefusalKind.WrongState, "the members that this host knows cannot be read", FilePath, why,
        "put the file back from a backup; or leave the fleet on this host, revoke it, and join again");
}
