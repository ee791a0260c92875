# What a hosted Windows runs after the tests: certctl on Windows' own stores,
# compared with certutil and PowerShell. It has never run yet. All names of
# stores and key containers begin with a prefix; they are removed at the end.
# The runner has to be elevated for the machine's stores, as hosted ones are.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
New-Item -ItemType Directory $work | Out-Null
$certctl = "$work\certctl.exe"
go build -o $certctl ./cmd/certctl
$env:LOCALAPPDATA = $work   # the journal; go's cache is where it was
$env:CERTDESK_STORE_PREFIX = 'CertdeskRunner-' + [Guid]::NewGuid().ToString('N').Substring(0, 8) + '-'

# A PFX of Windows' own making.
$password = ConvertTo-SecureString 'sample' -AsPlainText -Force
$made = New-SelfSignedCertificate -Subject 'CN=client.sample.example' -KeyAlgorithm RSA -KeyLength 2048 -KeyExportPolicy Exportable -KeyUsage DigitalSignature -CertStoreLocation Cert:\CurrentUser\My -TextExtension '2.5.29.37={text}1.3.6.1.5.5.7.3.2'
Export-PfxCertificate -Cert "Cert:\CurrentUser\My\$($made.Thumbprint)" -FilePath "$work\sample.pfx" -Password $password | Out-Null
Remove-Item -Path "Cert:\CurrentUser\My\$($made.Thumbprint)" -DeleteKey
[IO.File]::WriteAllText("$work\sample.pass", 'sample')

foreach ($location in 'user', 'machine') {
    $scope = if ($location -eq 'user') { @('-user') } else { @() }
    foreach ($provider in 'cng', 'capi') {
        Write-Output "== $location, $provider"
        & $certctl import "$work\sample.pfx" --password-file "$work\sample.pass" --location $location --provider $provider --yes
        & $certctl list --location $location
        $text = certutil @scope -v -store "$($env:CERTDESK_STORE_PREFIX)MY" $made.Thumbprint | Out-String
        $want = if ($provider -eq 'cng') { 'Microsoft Software Key Storage Provider' } else { 'Microsoft Enhanced RSA and AES Cryptographic Provider' }
        if (-not $text.Contains($want)) { throw "certutil does not see $want`:`n$text" }
        & $certctl key permissions $made.Thumbprint --location $location
        if ($location -eq 'machine') {
            & $certctl key permissions $made.Thumbprint --location machine --grant 'NT AUTHORITY\NETWORK SERVICE' --yes
            $after = & $certctl key permissions $made.Thumbprint --location machine | Out-String
            if (-not $after.Contains('NETWORK SERVICE')) { throw "the grant is not there:`n$after" }
            & $certctl key permissions $made.Thumbprint --location machine --revoke 'NT AUTHORITY\NETWORK SERVICE' --yes
        }
        & $certctl delete $made.Thumbprint --location $location --yes
    }
}
foreach ($hive in 'HKCU:', 'HKLM:') {
    Get-ChildItem "$hive\Software\Microsoft\SystemCertificates" | Where-Object PSChildName -Like "$($env:CERTDESK_STORE_PREFIX)*" | Remove-Item -Recurse
}
Remove-Item -Recurse -Force $work
